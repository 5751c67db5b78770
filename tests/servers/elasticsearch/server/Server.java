import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/** Runs one node until the process ends: Server HOME [setting=value ...]. */
public final class Server {
    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(arguments[0]).toAbsolutePath();
        LogConfigurator.configureESLogging();
        Environment environment = InternalSettingsPreparer.prepareEnvironment(
            Settings.EMPTY, settings(home, arguments), home.resolve("config"), () -> "node");
        LogConfigurator.configure(environment, true);
        Files.createDirectories(environment.tmpDir());
        // No entitlements: their agent is not among the artifacts, and tests need no protection from plugins.
        PluginsLoader modules = PluginsLoader.createPluginsLoader(
            Modules.in(environment.modulesDir()), Set.of(), Map.of(), false);
        Node node = new Node(environment, modules);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
        node.start();
        new CountDownLatch(1).await();
    }

    private static Map<String, String> settings(Path home, String[] arguments) {
        Map<String, String> settings = new HashMap<>();
        settings.put("path.home", home.toString());
        for (int number = 1; number < arguments.length; number++) {
            String[] setting = arguments[number].split("=", 2);
            settings.put(setting[0], setting[1]);
        }
        return settings;
    }

    private static void close(Node node) {
        try {
            node.prepareForClose();
            node.close();
        } catch (Exception problem) {
            problem.printStackTrace();
        }
    }
}

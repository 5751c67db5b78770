import java.nio.file.Path;
import java.util.Set;
import org.elasticsearch.plugins.PluginBundle;
import org.elasticsearch.plugins.PluginsLoader;

/** Finds the modules of a folder, as version 9 does. */
final class Modules {
    static Set<PluginBundle> in(Path folder) throws Exception {
        return PluginsLoader.loadModulesBundles(folder, false);
    }
}

"""What a word may do in a phrase, by the dictionary's part of speech and short lists."""

from __future__ import annotations

import rjieba

#: Ends a phrase: punctuation, numbers, function words and words that tell nothing.
BREAK = 0
#: Only the last word of a phrase: 鱼类研究.
TAIL = 1
#: A lone character that leans on what stands before it: 鲁棒|性.
SUFFIX = 2
#: Any other lone character: 新|能源, 补肾|活血|汤.
CHARACTER = 3
#: Only beside other words: 人才|管理.
GENERIC = 4
#: A verb, an adjective or an adverb: alone, or in a phrase that is repeated.
ACTION = 5
#: A noun, a name or a foreign word: anywhere, and alone.
THING = 6

#: Words more probable than exp(-this) tell little alone: 中国, 发展.
LEAST_INFORMATION = 7.0
#: Adverbs, places and times are function words when they are more probable than exp(-this): 目前, but not 北宋.
LEAST_OF_ADVERBS = 11.0
#: Lone verbs are function words when they are more probable than exp(-this): 说, but not 酿.
LEAST_OF_LONE_VERBS = 9.0


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Parts of speech that end a phrase, as jieba's dictionary names them: conjunctions, numerals, measures, prepositions,
#: pronouns, particles, exclamations, onomatopoeia.
_FUNCTION = _words("c e mg mq o p r rg rr rz u ud ug uj ul uv uz y")
_MEASURES = _words("m q")
_ADVERBS = _words("ad d df f t tg vd z")

_SUFFIXES = frozenset("性化率法器机型式度者感力学界类点场位段层级家员师们")

#: What any text says, whatever it is about.
_EMPTY = _words(
    """
    进行 具有 存在 提出 采用 采取 利用 使用 运用 得到 得出 给出 作为 成为 形成 达到 获得 取得 产生 出现 造成 引起 导致
    带来 提供 提高 降低 增加 减少 增大 减小 增强 加强 加快 促进 推动 推进 改善 改进 完善 实现 实施 开展 建立 制定 确定
    选择 选用 选取 包括 包含 属于 位于 处于 有关 相关 认为 表明 显示 说明 介绍 阐述 论述 探讨 讨论 指出 发现 了解
    知道 看到 看出 觉得 感觉 希望 喜欢 需要 要求 能够 可能 没有 不能 不会 不要 不是 不同 不足 不错 还有 只有 就是 都是
    也是 考虑 进入 面对 面临 引入 给予 予以 加以 有利于 有助于 主要 重要 基本 一般 一样 相同 类似 各种 各类 有效
    良好 较好 较高 较大 较低 显著 明显 突出 新型 最大 最小 最佳 最优 最近 最后 合理 适当 适合 正确 简单 复杂 特别 整个
    所有 全部 部分 其中 之间 方面 情况 过程中 时候 地方 东西 事情 原因 结果 结论 结果表明 目的 意义 现状 特点
    步骤 阶段 程度 角度 重点 以期 可以 开始 继续 结束 保持 保证 综述 概述 评述 浅谈 浅析
    试论 简述 简要 本文 笔者 作者简介 展望 国内外 现状及 以及 分别 共同 直接 完全 充分 准确 针对 根据 结合 基于 围绕
    对照组 治疗组 观察组 实验组 先生 女士 小姐 记者 据悉 据报道 日前 近日 今日 报道 下午 上午 晚上 早上 表示 宣布 回应
    真的 真是 那种 这种 一下 一点 有点 还是 比较 非常 怎么样 怎么办 为什么 怎样 如何 哪里 多少 请问 谢谢 是否 可否
    不得 不得不 不满 不知 不用 超过 今年以来 充分发挥 完成 说道 只得 称为 想要 无法 应当 应该 必须 看过 轻易
    """
)
#: The furniture of pages and headlines.
_FURNITURE = _words(
    """
    版权 版权所有 上一篇 下一篇 上一页 下一页 责任编辑 转载 来源 点击 查看 备案 网址 首页 返回 全文 扫码 点赞
    京icp 粤icp 沪icp 浙icp icp http https www com cn org net html htm 图文 揭秘 组图
    """
)
#: English function words.
_ENGLISH = _words(
    "the of and in to for with on by is are was were an as at from or be this that it et al no not we our"
)
#: Units of measurement.
_UNITS = _words(
    """
    nm μm um mm cm dm km mg μg ug ng kg ml μl ul mol mmol kpa mpa gpa hz khz mhz ghz kw kwh mw ev mev min ppm rpm db
    """
)
#: Verbs that take an object: what follows them is another phrase.
_TAILS = _words(
    """
    研究 分析 影响 治疗 测定 观察 防治 检测 应用 评价 监测 预测 计算 设计 调查 识别 优化 模拟 诊断 预防 制备 改造
    探索 思考 反思 应对 解决 处理 验证 求解 筛选 提取 研制 抑制 服用 购买 申请 办理 举行 举办 召开 发布 参加
    """
)
#: Nouns that say of what kind something is, not what.
_GENERIC = _words(
    """
    方法 作用 效果 问题 工作 发展 建设 变化 关系 特性 性能 性质 特征 过程 技术 系统 模型 理论 管理 控制 患者 参数 浓度
    含量 疗效 机制 机理 措施 对策 策略 建议 思路 途径 实验 试验 测试 模式 活动 社会 国家 企业 公司 单位 部门 人员 项目
    产品 服务 世纪 用户 表达 贡献 表现 功能 任务 目标 结构 类型 数据 信息 材料 质量 效率 速度 成本 需求 状态 环境 水平
    基础 前提 关键 经验 优势 趋势 前景 进展 生活 人类 个体 样品 阶段性 概念 划分 局部 临床 急性 工艺 重要性 有效性
    时间 内容 范围 方式 方案 因素 条件 能力 编辑
    """
)
_BREAKS = _EMPTY | _FURNITURE | _ENGLISH | _UNITS | {""}


def role(word: str, information: float) -> int:
    """Return the role of a folded word whose probability is exp(-information)."""
    if not word[:1].isalnum() or word.lstrip("0123456789.") in _BREAKS:  # a number, perhaps with a unit
        return BREAK
    if word.isascii():
        return THING if len(word) > 1 else CHARACTER
    tagged = rjieba.tag(word, False)
    kind = tagged[0][1] if len(tagged) == 1 else "x"  # a word of a user dictionary
    if kind in _FUNCTION:
        return BREAK
    if len(word) == 1:
        if word in _SUFFIXES or kind in ("q", "k"):
            return SUFFIX
        common = kind in ("v", "zg") and information < LEAST_OF_LONE_VERBS
        return BREAK if common or kind in "dfhm" else CHARACTER
    if kind in _MEASURES or (kind in _ADVERBS and information < LEAST_OF_ADVERBS):
        return BREAK
    if word in _TAILS:
        return TAIL
    thing = kind[0] in "nbgijlstx" or kind in ("vn", "an")
    if information < LEAST_INFORMATION:
        return GENERIC if thing else BREAK
    if word in _GENERIC:
        return GENERIC
    return THING if thing else ACTION

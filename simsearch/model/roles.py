"""What a word may do in a phrase, by the dictionary's part of speech, its information and short lists."""

from __future__ import annotations

import rjieba

#: Ends a phrase: punctuation, numbers, function words and words that tell nothing.
BREAK = 0
#: A lone character that leans on what stands before it: 鲁棒|性.
SUFFIX = 1
#: Any other lone character: 新|能源, 补肾|活血|汤.
CHARACTER = 2
#: A noun that any text may use: beside other words, and alone where there are no better ones.
GENERIC = 3
#: A verb, an adjective or an adverb: alone, or in a phrase that is repeated.
ACTION = 4
#: Any other noun, a name or a foreign word: anywhere, and alone.
THING = 5

#: Nouns more probable than exp(-this) are generic: 中国, 发展.
LEAST_OF_NOUNS = 7.0
#: Verbs and lone characters tell nothing when they are more probable than exp(-this): 进行, 说, but not 酿.
LEAST_OF_VERBS = 8.7
#: Adverbs, places and times are function words when they are more probable than exp(-this): 目前, but not 北宋.
LEAST_OF_ADVERBS = 11.0


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Parts of speech that end a phrase, as jieba's dictionary names them: conjunctions, numerals, measures, prepositions,
#: pronouns, particles, exclamations, onomatopoeia.
_FUNCTION = _words("c e mg mq o p r rg rr rz u ud ug uj ul uv uz y")
_MEASURES = _words("m q")
_ADVERBS = _words("ad d df f t tg vd z")

#: What dates and times of the day end with, or begin with: 五月, 星期六.
_DATES = ("年", "月", "日", "号", "时", "分", "秒", "点"), ("星期", "礼拜", "周")

_SUFFIXES = frozenset("性化率法器机型式度者感力学界类点场位段层级家员师们区县市省镇村")

#: What any text says, whatever it is about, though less often than other such words, or as a noun.
_EMPTY = _words(
    """
    情况 地方 时候 东西 事情 其中 方面 部分 结果 原因 全部 重点 基本 目的 意义 特点 步骤 阶段 程度 角度 结论 现状 无法
    存在 采用 获得 达到 形成 具有 属于 称为 指出 说明 表明 介绍 讨论 探讨 论述 综述 浅谈 浅析 试论 结果表明 本文 笔者
    作者简介 过程中 有效 明显 显著 良好 较好 较高 较大 较低 类似 各类 国内外 有利于 有助于 充分发挥 先生 女士 小姐 记者
    之日起 不在此限 前者 后者 理由 据悉 据报道 报道 回应 宣布 谢谢 请问 怎么办 不错 有点 感觉 今年以来
    """
)
#: The furniture of pages, and of the headlines above them.
_FURNITURE = _words(
    """
    版权 版权所有 上一篇 下一篇 上一页 下一页 责任编辑 转载 来源 点击 查看 备案 网址 首页 返回 全文 图文 揭秘 组图
    http https www com cn org net html htm icp
    """
)
#: English function words, and units of measurement.
_LATIN = _words(
    """
    the of and in to for with on by is are was were an as at from or be this that it not we our nm μm um mm cm dm km mg
    μg ug ng kg ml μl ul mol mmol kpa mpa gpa hz khz mhz ghz kw kwh mw ev mev min ppm rpm db
    """
)
#: Words that say of what kind something is, or what is done about it, not what it is.
_GENERIC = _words(
    """
    方法 作用 效果 问题 工作 发展 建设 变化 关系 特性 性能 性质 特征 过程 技术 系统 模型 理论 管理 控制 患者 参数 浓度
    含量 疗效 机制 机理 措施 对策 策略 建议 思路 途径 实验 试验 测试 模式 活动 社会 国家 企业 公司 单位 部门 人员 项目
    产品 服务 用户 功能 任务 目标 结构 类型 数据 信息 材料 质量 效率 速度 成本 需求 状态 环境 水平 基础 前提 关键 经验
    优势 趋势 前景 进展 生活 人类 时间 内容 范围 方式 方案 因素 条件 能力 概念 世纪 研究 分析 影响 治疗 测定 观察 防治
    检测 应用 评价 监测 预测 计算 设计 调查 识别 优化 模拟 诊断 预防 制备 探索 思考 解决 处理 验证 筛选 提取 申请 办理
    举行 举办 召开 发布 参加 购买 学习 训练 翻译 搜索 教学 运动
    """
)
_BREAKS = _EMPTY | _FURNITURE | _LATIN | {""}


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
    thing = kind[0] in "nbgijlstx" or kind in ("vn", "an")
    if len(word) == 1:
        if word in _SUFFIXES:
            return SUFFIX
        return BREAK if kind in "fhm" or (information < LEAST_OF_VERBS and not thing) else CHARACTER
    if word in _GENERIC:
        return GENERIC
    if kind == "t" and (word.endswith(_DATES[0]) or word.startswith(_DATES[1])):
        return BREAK
    if kind in _MEASURES or (kind in _ADVERBS and information < LEAST_OF_ADVERBS):
        return BREAK
    if not thing:
        return ACTION if information >= LEAST_OF_VERBS else BREAK
    return THING if information >= LEAST_OF_NOUNS else GENERIC

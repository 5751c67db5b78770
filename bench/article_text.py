"""What docs/article.md says between its tables."""

from __future__ import annotations

BEGIN = """\
# The article, result by result

Su Jianlin's [更别致的词向量模型]({address}) (2017) derives a model of words from one wish: meanings add up, so vectors
shall. What follows is `<w_i, w_j> = PMI(i, j)` (its equation 15), and from that the meaning of norms, related and
similar words, keywords and sentence vectors. Here each of its results is a command, with its own figures beside
ours. `make article` prints this page; its corpus was a million pages of Baidu's encyclopaedia, ours are the [texts
of the base model](base-model.md), so words differ, and rules should not.

Models: `simsearch train CORPUS --to MODEL --objective article`, the same with `--no-truncate`, the base model
(smoothed PMI, with evidence for what never meets), and vectors that other programs made of the same texts, by
`simsearch import VECTORS --to MODEL`: gensim's word2vec (3 epochs) and GloVe (6). All commands take `--model MODEL`.
`simsearch words norms` ends with the correlation below, and `simsearch report MODEL -o report.html` draws it.
"""

NORMS = """
## Norms (equations 24-29)

A word meets itself about as often as it occurs, so `|w|^2 ~ -log P(w)`: the more frequent, the shorter. The article
leaves a word's meeting with itself out of its loss and lets the model find it; `--diagonal` puts it in, and the
base model has it. Equation 28 has a misprint: its right side should read `|v_i| |v_j| cos`.
"""

ANALOGIES = """
## Analogies (equations 9-15)

By cosine with the plain sum of the article's vectors, the three words left out (the article leaves them in: 伦敦 is
among its answers to the fourth). `--space search`, the default, adds vectors of length 1 in the space in which
sentences are compared.
"""

RELATED = """
## Related words (equation 30)

Words that come together, by cosine; `--by inner` orders by PMI itself, which favours rare words. Related is not
similar:
"""

SIMILAR = """
## Similar words (equations 31-39)

Words whose PMIs with the N most frequent words correlate. That is the cosine after a matrix U with `U U^T` the Gram
matrix of these N words' vectors, less their mean; a test holds the two against each other. Without `--context`
words are compared in the search space. The article asks what "similar" means: 喜欢 and 讨厌 may stand in the same
places, as may 跑 and 抓.
"""

GRAMMAR = """
Of 10,000 words the context tells the matter, says the article, of 500 the grammar:
"""

PARTS_OF_SPEECH = """\
How many of a word's first ten neighbours are of its part of speech (the first letter of the tag in jieba's
dictionary, among words that it has), over {sampled:,} words taken at random from the {frequent:,} most frequent, as
`make article` counts:
"""

NO_GRAMMAR = """\
On our texts N = 500 does not win: it makes a hundredth or so, in either direction.
"""

KEYWORDS = """
## Keywords (equations 40-43)

The words of a sentence with the largest inner product with the sum of them all; `--by cosine` leaves norms out. In
brackets: how many of the article's ten are among our ten, of those that are words here, as both the model and its
segmentation see them.
"""

SENTENCES = """
## Similarity of sentences (equations 44-46)

The inner product of two sums is the sum of PMIs over all pairs of their words, and `simsearch compare` shows each
pair. It grows with the length of the sentences; the cosine does not.
"""

REVIEWS = """
## Sentence vectors as features

Reviews, good or bad, by plain sums of word vectors: a linear classifier, and one with a hidden layer of 64. The
article's own figures are of all its reviews, copies included, of which some are learnt and others asked; here
copies are left out. An LSTM has 90 %, it says.

```sh
simsearch evaluate --sets tasks/ --only reviews
```

`tasks/tasks.tsv` holds the line `classify TAB reviews TAB reviews.tsv`, and each line of `reviews.tsv` is a label, a
tab and a text.
"""

END = """
See also [questions that readers ask](questions.md)."""

#: Two sentences that say the same, two of one matter, two that have nothing in common.
PAIRS = [
    ("怎样才能睡得香", "失眠的人应当在固定时间入睡"),
    ("银行的存款有保险吗", "存款由存款保险基金提供保障"),
    ("怎样才能睡得香", "长城东起山海关"),
]

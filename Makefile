PYTHON ?= python3
WORKERS ?= 4
BIN = .venv/bin
SIMSEARCH = SIMSEARCH_INDEX=sqlite:///build/demo.db $(BIN)/simsearch

.PHONY: demo test test-slow test-elasticsearch-8 soak lint audit bench bench-elasticsearch bench-queue bench-enrich bench-train bench-start bench-beside bench-properties bench-memory quality article base-model clean

demo: .venv/ready  ## index examples/ and ask three questions
	@rm -rf build/demo.db*
	$(SIMSEARCH) index examples --table
	$(SIMSEARCH) query "怎样才能睡得香" -k 2 --explain --table
	$(SIMSEARCH) query "胖子怎样减肥" -k 2 --table
	$(SIMSEARCH) query "停水了" -k 2 --where year=2024 --table

test: .venv/ready  ## everything that takes seconds, in 4 processes that often wait, a file each: make test [WORKERS=3]
	$(BIN)/pytest -q -m "not slow" -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-slow: .venv/ready  ## what takes minutes
	$(BIN)/pytest -q -m slow

test-elasticsearch-8: .venv/ready  ## the suite for all engines on Elasticsearch 8.19; for the night
	SIMSEARCH_TEST_ELASTICSEARCH_VERSION=8.19.21 $(BIN)/pytest -q tests/contract tests/servers

soak: .venv/ready  ## twenty minutes of writing, kills of everything and changes of model, then every document is checked: make soak [MINUTES=3] [SEED=7]
	cd tests && ../$(BIN)/python -m soak --minutes $(or $(MINUTES),20)

lint: .venv/ready
	$(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/mypy

audit: build/audit/ready  ## known vulnerabilities of all that constraints.txt pins; what cannot be looked up is a failure, too
	@build/audit/bin/pip-audit --strict --no-deps --requirement constraints.txt --progress-spinner off || \
		{ echo 'Raise the pins of what is listed. What was not found, or no connection: its database was not reached, and nothing is known.'; exit 1; }

build/audit/ready: Makefile  # of its own: the audit is no part of what it audits
	$(PYTHON) -m venv build/audit
	build/audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	@touch $@

bench: .venv/ready  ## speed of query, encoding and indexing, as ratios; CORPUS=folder of texts (default: examples)
	$(BIN)/python bench/speed.py $(CORPUS)

bench-elasticsearch: .venv/ready  ## speed, size and recall on a real node: make bench-elasticsearch [CORPUS=texts/] [ARGUMENTS="--documents 1000000 --length 40"]
	$(BIN)/python bench/elasticsearch_node.py $(CORPUS) $(ARGUMENTS)

bench-queue: .venv/ready  ## workers against direct indexing, on a real Redis and both engines: make bench-queue [CORPUS=texts/]
	$(BIN)/python bench/queueing.py $(CORPUS) $(ARGUMENTS)

bench-enrich: .venv/ready  ## enriching an index that exists, and following it: make bench-enrich [CORPUS=texts/]
	$(BIN)/python bench/enriching.py $(CORPUS) $(ARGUMENTS)

bench-train: .venv/ready  ## seconds and memory of a training beside gensim's: make bench-train CORPUS=texts/ [ARGUMENTS="--repeat 10"]
	$(BIN)/python bench/training.py $(CORPUS) $(ARGUMENTS)

bench-start: .venv/ready  ## what a base model is worth to few texts: make bench-start CORPUS=texts/ OWN=law.txt.xz [ARGUMENTS="--megabytes 1 10"]
	$(BIN)/python bench/starting.py $(CORPUS) $(OWN) $(ARGUMENTS)

bench-beside: .venv/ready  ## a model beside word vectors of another program: make bench-beside MODEL=folder VECTORS=file SIMSEARCH_EVAL=tasks/
	$(BIN)/python bench/beside.py $(MODEL) $(VECTORS) $(SIMSEARCH_EVAL)

bench-properties: .venv/ready  ## how far vectors have the properties that the article derives: make bench-properties CORPUS=texts/
	$(BIN)/python bench/properties.py $(CORPUS)

bench-memory: .venv/ready  ## peak memory of very many documents and very long ones, in half an hour: make bench-memory [ARGUMENTS=--quick]
	$(BIN)/python bench/memory.py $(ARGUMENTS)

quality: .venv/ready  ## quality and its goals: make quality SIMSEARCH_EVAL=tasks/ [BASELINES="bm25 jieba"]
	$(BIN)/python bench/quality.py $(SIMSEARCH_EVAL) $(BASELINES:%=--baseline %)

article: .venv/ready  ## the article's results, beside those of models: make article MODELS='NAME=MODEL base=base' SIMSEARCH_EVAL=tasks/
	$(BIN)/python bench/article.py --sets $(SIMSEARCH_EVAL) $(MODELS) > docs/article.md

base-model: .venv/ready  ## train the model that comes with the package: make base-model CORPUS=texts/ SIMSEARCH_EVAL=tasks/
	$(BIN)/simsearch train $(CORPUS) --to simsearch/model/base --tolerance 0 --table
	$(BIN)/python bench/model_card.py $(SIMSEARCH_EVAL) > docs/base-model.md

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

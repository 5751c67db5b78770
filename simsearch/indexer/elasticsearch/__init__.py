"""The engine on a server: Elasticsearch 8.19 or newer."""

from simsearch.indexer.elasticsearch.engine import ElasticsearchEngine

__all__ = ["ElasticsearchEngine"]

# simsearch in an image: docker build -t simsearch:local . && docker run --rm simsearch:local words similar 喜欢
FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/simsearch
WORKDIR /source
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY simsearch simsearch
RUN /opt/simsearch/bin/pip install --constraint constraints.txt .

FROM python:3.12-slim-bookworm
RUN useradd --uid 1000 --create-home simsearch && install -d -o simsearch -g simsearch /models
COPY --from=build /opt/simsearch /opt/simsearch
# numba keeps compiled code where the user may write.
ENV PATH=/opt/simsearch/bin:$PATH SIMSEARCH_MODELS=/models NUMBA_CACHE_DIR=/tmp/numba PYTHONDONTWRITEBYTECODE=1
USER simsearch
WORKDIR /home/simsearch
VOLUME /models
ENTRYPOINT ["simsearch"]

# Two stages: the first installs, the second holds only what runs.
FROM python:3.13-slim AS build
WORKDIR /srv/khacphuc
RUN python -m venv /opt/venv
COPY requirements.lock ./
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY app ./app
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && /opt/venv/bin/python -m compileall -q app

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home khacphuc \
    && install -d -o khacphuc -g khacphuc /data
WORKDIR /srv/khacphuc
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/khacphuc/app ./app
COPY pyproject.toml alembic.ini ./
COPY migrations ./migrations
COPY seeds ./seeds
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    KHACPHUC_DATA_DIR=/data \
    KHACPHUC_HOST=0.0.0.0 \
    KHACPHUC_LOG_JSON=true
USER khacphuc
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["khacphuc", "serve", "--seed", "seeds/soc-trang-2024"]

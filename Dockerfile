# Two stages: the first compiles the proxy into a virtual environment, the second runs that environment
# as a user without rights. The root file system may be read-only; only the volume is written.
#
#   docker build -t npv-proxy .
#   docker run --read-only --network host -v "$PWD/config:/srv/npv-proxy/config:ro" npv-proxy
#
# Host networking keeps the peers' addresses, by which trunks are told apart. With published ports
# (5060/udp for SIP, 9460/tcp for metrics and health) set `advertise` in [listen] to the outside address.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
# versions are not pinned: the compiler is not part of the image that runs
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY config config
COPY proxy proxy
RUN python3 -m venv /opt/npv-proxy \
    && /opt/npv-proxy/bin/pip install --no-cache-dir . \
    && case "$(/opt/npv-proxy/bin/npv-proxy version)" in *compiled*) ;; *) exit 1 ;; esac

FROM ${BASE}
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /srv/npv-proxy --shell /usr/sbin/nologin npv \
    && install -d -o npv -g npv /srv/npv-proxy/var
COPY --from=build /opt/npv-proxy /opt/npv-proxy
COPY config /srv/npv-proxy/config
ENV PATH=/opt/npv-proxy/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /srv/npv-proxy
USER 10001:10001
# the records of decisions and calls, the store and its keys, and the ahead log, which a killed process leaves to the next
VOLUME /srv/npv-proxy/var
EXPOSE 5060/udp 9460/tcp
# the first SIGTERM drains: no new calls, the present ones end
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9460/healthz', timeout=2)"]
ENTRYPOINT ["npv-proxy"]
CMD ["run", "--config", "/srv/npv-proxy/config/proxy.toml"]

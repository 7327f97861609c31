# Builds against the system's libpq, so that PostgreSQL over TLS works (the bundled libpq has no TLS).
FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends libpq-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p trialogue-server --no-default-features

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpq5 ca-certificates curl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/trialogue --create-home trialogue
COPY --from=build /src/target/release/trialogue /usr/local/bin/trialogue
USER trialogue
WORKDIR /var/lib/trialogue
ENV TRIALOGUE_LISTEN=0.0.0.0:8080
EXPOSE 8080
VOLUME /var/lib/trialogue
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD curl -fsS http://127.0.0.1:8080/readyz || exit 1
ENTRYPOINT ["trialogue"]
CMD ["serve"]

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --profile dist --locked

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* && useradd --system --uid 10001 hoctap
COPY --from=build /src/target/dist/hoctap /usr/local/bin/hoctap
USER hoctap
ENV HOCTAP_LISTEN=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["hoctap"]
CMD ["serve"]

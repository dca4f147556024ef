# The operator and the certificates that AWS's endpoints are checked with, and nothing else: no shell, no libraries, no base
# image to pin or to patch. `.ci/image` builds what is copied here, for both architectures on one machine, and the image.
FROM scratch
ARG TARGETARCH
COPY --chmod=0444 dist/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chmod=0555 dist/${TARGETARCH}/ecs-operator /ecs-operator
LABEL org.opencontainers.image.title="ecs-operator" \
      org.opencontainers.image.licenses="Apache-2.0"
# Nobody, by number: Kubernetes' runAsNonRoot can't judge names.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/ecs-operator"]
CMD ["run"]

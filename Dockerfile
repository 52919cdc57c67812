# Two images from one file:
#   docker build --target operator -t recovery-operator .
#   docker build --target agent    -t recovery-agent .
# The agent image is for the vault role; a host agent runs as a service on its hypervisor host, beside libvirt.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY src/ src/
RUN dotnet publish src/RecoveryOperator.Operator -c Release -o /out/operator \
 && dotnet publish src/RecoveryOperator.Agent -c Release -o /out/agent

FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS operator
WORKDIR /app
COPY --from=build /out/operator ./
COPY LICENSE /licenses/
USER $APP_UID
EXPOSE 8080
ENTRYPOINT ["./recovery-operator"]

FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS agent
WORKDIR /app
COPY --from=build /out/agent ./
COPY LICENSE /licenses/
USER $APP_UID
EXPOSE 7443
ENTRYPOINT ["./recovery-agent"]
CMD ["vault"]

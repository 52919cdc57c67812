using static RecoveryOperator.Operator.Tests.BadInput.BadManifest;

namespace RecoveryOperator.Operator.Tests.BadInput.Cases;

internal static class HostCases
{
    private const string Host = "RecoveryHost";

    public static IReadOnlyList<BadManifest> All { get; } =
    [
        Schema(Host, """{"siteRef":null}""", "siteRef", "required"),
        Schema(Host, """{"siteRef":{"name":null}}""", "name", "required"),
        Schema(Host, """{"siteRef":{"name":"Site_A"}}""", "spec.siteRef.name", "should match"),
        Schema(Host, """{"address":null}""", "address", "required"),
        Schema(Host, """{"address":"http://localhost:7443"}""", "spec.address", "^https://"),
        Schema(Host, """{"address":"https://localhost:7443/agent"}""", "spec.address", "should match"),
        Schema(Host, """{"tls":{"secretRef":null}}""", "secretRef", "required"),
        Schema(Host, """{"bandwidth":{"limitPerSecond":"10 MB"}}""", "spec.bandwidth.limitPerSecond", "Mi"),
        Schema(Host, """{"bandwidth":{"schedule":[{"from":"8:00","to":"18:00","limitPerSecond":"1M"}]}}""", "from", "should match"),
        Schema(Host, """{"bandwidth":{"schedule":[{"from":"08:00","to":"18:00"}]}}""", "limitPerSecond", "required"),
        Schema(Host, """{"bandwidth":{"schedule":[{"days":["Funday"],"from":"08:00","to":"18:00","limitPerSecond":"1M"}]}}""", "days", "Saturday"),
        Schema(Host, """{"bandwidth":{"schedule":[{"days":["Monday","Monday"],"from":"08:00","to":"18:00","limitPerSecond":"1M"}]}}""", "days", "duplicate"),
        Rule(Host, """{"siteRef":{"name":"other"}}""", "cannot be changed; delete this object and create another") with { First = "{}" },
        Accepted(Host, """{"siteRef":{"name":"nowhere"}}""", "DriverMatchesSite", "RecoverySite", "nowhere does not exist", "create it, or correct spec.siteRef"),
        Accepted(Host, """{"address":"https://localhost:99999"}""", "Connected", "is not https://host:port", "Correct it"),
        Accepted(Host, """{"tls":{"secretRef":{"name":"missing"}}}""", "Connected", "missing does not exist", "create it"),
        Accepted(Host, """{"tls":{"secretRef":{"name":"vault-key"}}}""", "Connected", "needs the keys tls.crt, tls.key and ca.crt"),
        Accepted(Host, """{"tls":null}""", "Connected", "give spec.tls.secretRef"),
        Accepted(Host, "{}", "Connected", "localhost"),
        Accepted(Host, """{"bandwidth":{"limitPerSecond":"99999Ti"}}""", "SettingsApplied", "spec.bandwidth.limitPerSecond", "Correct it"),
    ];
}

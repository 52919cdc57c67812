using static RecoveryOperator.Operator.Tests.BadInput.BadManifest;

namespace RecoveryOperator.Operator.Tests.BadInput.Cases;

internal static class SiteCases
{
    private const string Site = "RecoverySite";

    public static IReadOnlyList<BadManifest> All { get; } =
    [
        Schema(Site, """{"spec":null}""", "spec", "required"),
        Schema(Site, """{"type":null}""", "type", "required"),
        Schema(Site, """{"type":"VMware"}""", "spec.type", "Libvirt"),
        Schema(Site, """{"timeZone":"Amsterdam time"}""", "spec.timeZone", "should match"),
        Schema(Site, """{"timeZone":""}""", "spec.timeZone"),
        Schema(Site, """{"timeZone":2}""", "timeZone", "string"),
        Schema(Site, """{"timezone":"Etc/UTC"}""", "unknown field", "timezone"),
        Rule(Site, """{"type":"Libvirt"}""", "cannot be changed; delete this object and create another") with { First = "{}" },
        Accepted(Site, """{"timeZone":"Europe/Atlantis"}""", "Valid", "Europe/Atlantis", "use an IANA name such as"),
        Accepted(Site, """{"type":"Azure"}""", "Valid", "no driver for sites of type Azure"),
        Accepted(Site, "{}", "HostsConnected", "No RecoveryHost names this site", "create one"),
    ];
}

using static RecoveryOperator.Operator.Tests.BadInput.BadManifest;

namespace RecoveryOperator.Operator.Tests.BadInput.Cases;

internal static class NetworkMapCases
{
    private const string Map = "NetworkMap";

    public static IReadOnlyList<BadManifest> All { get; } =
    [
        Schema(Map, """{"sourceSiteRef":null}""", "sourceSiteRef", "required"),
        Schema(Map, """{"targetSiteRef":{"name":""}}""", "spec.targetSiteRef.name"),
        Schema(Map, """{"mappings":[]}""", "spec.mappings", "at least 1"),
        Schema(Map, """{"mappings":[{"source":"lan"}]}""", "target", "required"),
        Schema(Map, """{"mappings":[{"source":"lan","target":{"subnet":"default"}}]}""", "network", "required"),
        Schema(Map, """{"mappings":[{"source":" ","target":{"network":"lan-b"}}]}""", "source", "should match"),
        Schema(Map, """{"mappings":[{"source":"lan","target":{"network":"lan-b"}},{"source":"lan","target":{"network":"dmz-b"}}]}""", "spec.mappings", "duplicate"),
        Schema(Map, """{"testNetwork":"drill"}""", "testNetwork", "type"),
        Schema(Map, """{"mappings":[{"source":"lan","target":{"network":"lan-b","ip":"10.0.0.4"}}]}""", "unknown field", "ip"),
        Rule(Map, """{"sourceSiteRef":{"name":"other"}}""", "cannot be changed; delete this object and create another") with { First = "{}" },
        Rule(Map, """{"testNetwork":{"network":"lan-b"}}""", "testNetwork must not be the target of a mapping", "Valid", "testNetwork 'lan-b'", "a test must never reach production, so name an isolated network"),
        Rule(
            Map,
            """{"mappings":[{"source":"lan","target":{"network":"lan-b"},"test":{"network":"dmz-b"}},{"source":"dmz","target":{"network":"dmz-b"}}]}""",
            "the test network of a mapping must not be the target of a mapping",
            "Valid",
            "test network 'dmz-b' of 'lan'",
            "so name an isolated network"),
        Accepted(Map, """{"sourceSiteRef":{"name":"nowhere"},"targetSiteRef":{"name":"far"}}""", "ReferencesResolved", "nowhere does not exist", "far does not exist", "create it"),
        Accepted(Map, """{"mappings":[{"source":"lam","target":{"network":"lan-b"}}]}""", "NetworksFound", "No connected host of RecoverySite site has a network 'lam'", "Correct the names"),
        Accepted(Map, """{"targetSiteRef":{"name":"site"},"mappings":[{"source":"lan","target":{"network":"lam"}}]}""", "NetworksFound", "has a network 'lam'", "create the networks"),
        Accepted(Map, """{"targetSiteRef":{"name":"site-c"}}""", "Valid", "standing-map is older", "delete one of the two"),
    ];
}

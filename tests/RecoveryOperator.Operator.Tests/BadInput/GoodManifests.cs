using System.Text.Json.Nodes;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Operator.Tests.BadInput;

/// <summary>A manifest of each kind that nothing is wrong with, in the world of <see cref="BadInputWorld"/>.</summary>
internal static class GoodManifests
{
    private static readonly Dictionary<string, string> Specs = new()
    {
        ["RecoverySite"] = """{"type":"Images","timeZone":"Europe/Amsterdam"}""",
        ["RecoveryHost"] = """{"siteRef":{"name":"site"},"address":"https://localhost:9","tls":{"secretRef":{"name":"agent-tls"}}}""",
        ["RecoveryVault"] = """{"endpoint":"http://127.0.0.1:9/devstoreaccount1","credentials":{"accountName":"devstoreaccount1","accountKeySecretRef":{"name":"vault-key","key":"key"}}}""",
        ["ReplicationPolicy"] = """{"copyFrequency":"5m","recoveryPointRetention":"24h"}""",
        ["ProtectedVM"] = """{"siteRef":{"name":"site"},"vm":{"name":"web"},"policyRef":{"name":"policy"},"vaultRef":{"name":"vault"}}""",
        ["RecoveryPlan"] = """{"groups":[{"name":"all","vms":[{"name":"nobody"}]}]}""",
        ["NetworkMap"] = """{"sourceSiteRef":{"name":"site"},"targetSiteRef":{"name":"site-b"},"mappings":[{"source":"lan","target":{"network":"lan-b"}}]}""",
        ["RecoveryJob"] = """{"type":"TestFailover","subjectRef":{"kind":"RecoveryPlan","name":"plan"},"operationId":"drill-1"}""",
    };

    public static IEnumerable<string> Kinds => Specs.Keys;

    /// <summary>The manifest with changes to its spec, one after the other (merge patches; a "spec" of null takes the whole spec away).</summary>
    public static string Changed(string kind, string name, params string?[] changes)
    {
        var manifest = new JsonObject
        {
            ["apiVersion"] = $"{ApiConstants.Group}/{ApiConstants.Version}",
            ["kind"] = kind,
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = JsonNode.Parse(Specs[kind]),
        };
        foreach (var change in changes.OfType<string>().Select(c => JsonNode.Parse(c)!.AsObject()))
            Merge(manifest, change.ContainsKey("spec") ? change : new JsonObject { ["spec"] = change });
        return manifest.ToJsonString();
    }

    private static void Merge(JsonObject target, JsonObject change)
    {
        foreach (var (field, value) in change.ToList())
        {
            if (value is null)
                target.Remove(field);
            else if (value is JsonObject inner && target[field] is JsonObject standing)
                Merge(standing, inner);
            else
                target[field] = value.DeepClone();
        }
    }
}

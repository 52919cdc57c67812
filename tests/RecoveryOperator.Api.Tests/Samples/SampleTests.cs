using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Api.NetworkMaps;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Api.Policies;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Api.Vaults;
using YamlDotNet.RepresentationModel;

namespace RecoveryOperator.Api.Tests.Samples;

public class SampleTests
{
    private const string GroupVersion = ApiConstants.Group + "/" + ApiConstants.Version + "/";

    private static readonly Dictionary<string, Type> Types = new()
    {
        ["v1/Secret"] = typeof(V1Secret),
        [GroupVersion + RecoverySite.KindName] = typeof(RecoverySite),
        [GroupVersion + RecoveryHost.KindName] = typeof(RecoveryHost),
        [GroupVersion + RecoveryVault.KindName] = typeof(RecoveryVault),
        [GroupVersion + ReplicationPolicy.KindName] = typeof(ReplicationPolicy),
        [GroupVersion + ProtectedVM.KindName] = typeof(ProtectedVM),
        [GroupVersion + RecoveryPlan.KindName] = typeof(RecoveryPlan),
        [GroupVersion + NetworkMap.KindName] = typeof(NetworkMap),
        [GroupVersion + RecoveryJob.KindName] = typeof(RecoveryJob),
    };

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static TheoryData<string> Files => [.. RepositoryFiles.In("config", "samples").Select(Path.GetFileName).OfType<string>()];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_sample_is_read_as_its_types_without_a_field_that_they_do_not_know(string file) =>
        Assert.NotEmpty(Load(file));

    [Fact]
    public void Every_object_that_a_sample_names_is_in_the_same_or_an_earlier_sample()
    {
        var seen = new HashSet<string>();
        foreach (var entity in RepositoryFiles.In("config", "samples").Select(Path.GetFileName).OfType<string>().SelectMany(Load))
        {
            seen.Add($"{entity.Kind}/{((IMetadata<V1ObjectMeta>)entity).Metadata.Name}");
            Assert.All(References(entity), reference => Assert.Contains(reference, seen));
        }
    }

    private static IEnumerable<string> References(object entity) => entity switch
    {
        RecoveryVault v when v.Spec.Credentials.AccountKeySecretRef is { } secret => [$"Secret/{secret.Name}"],
        RecoveryHost h => [$"RecoverySite/{h.Spec.SiteRef.Name}", .. h.Spec.Tls is { } tls ? [$"Secret/{tls.SecretRef.Name}"] : Array.Empty<string>()],
        ProtectedVM p => [$"RecoverySite/{p.Spec.SiteRef.Name}", $"ReplicationPolicy/{p.Spec.PolicyRef.Name}", $"RecoveryVault/{p.Spec.VaultRef.Name}"],
        RecoveryPlan p => p.Spec.Groups.SelectMany(g => g.Vms).Select(vm => $"ProtectedVM/{vm.Name}"),
        NetworkMap m => [$"RecoverySite/{m.Spec.SourceSiteRef.Name}", $"RecoverySite/{m.Spec.TargetSiteRef.Name}"],
        RecoveryJob j => [$"{j.Spec.SubjectRef.Kind}/{j.Spec.SubjectRef.Name}"],
        _ => [],
    };

    private static List<IKubernetesObject> Load(string file) =>
        [.. RepositoryFiles.Documents(RepositoryFiles.In("config", "samples").Single(path => Path.GetFileName(path) == file)).Select(Read)];

    private static IKubernetesObject Read(YamlMappingNode document)
    {
        var type = Types[$"{document.At("apiVersion")}/{document.At("kind")}"];
        return (IKubernetesObject)document.ToJson().Deserialize(type, Strict)!;
    }
}

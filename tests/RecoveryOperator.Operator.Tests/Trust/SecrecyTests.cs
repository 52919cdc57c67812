using System.Buffers.Text;
using k8s;
using k8s.Models;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Operator.Tests.Trust;

/// <summary>Neither logs of any level, nor a status, nor an event holds a secret.</summary>
public class SecrecyTests(Cluster cluster)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_of_enrolment_refusal_and_deletion_tells_no_token_and_no_key()
    {
        await using var bed = await EnrolmentBed.CreateAsync(cluster, Cancel);
        await bed.AddHostAsync("a", "https://127.0.0.1:1", Cancel);
        var token = await bed.TokenAsync("a", Cancel);
        using var agent = new TestEnroller();
        using var thief = new TestEnroller();
        await agent.EnrolAsync(token, Cancel);
        await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => thief.EnrolAsync(token, Cancel));
        await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => agent.EnrolAsync(token, Cancel, secret: [.. token.Secret.Reverse()]));
        await bed.ConditionAsync("a", ConditionTypes.Enrolled, "Enrolled", Cancel);
        var authority = (await bed.Client.GetAsync<V1Secret>(bed.Key("recovery-operator-ca"), Cancel))!;
        var record = System.Text.Encoding.UTF8.GetString((await bed.Client.GetAsync<V1Secret>(bed.Key("a-trust"), Cancel))!.Data["record.json"]);

        var host = KubernetesJson.Serialize((await bed.Client.GetAsync<RecoveryHost>(bed.Key("a"), Cancel))!.Status);
        var events = KubernetesJson.Serialize((await bed.Client.ListAsync<Corev1Event>(new(bed.Namespace), 0, null, Cancel)).Items);
        await bed.Client.DeleteAsync<RecoveryHost>(bed.Key("a"), Cancel);
        await Eventually.HoldsAsync(async () => await bed.Client.GetAsync<RecoveryHost>(bed.Key("a"), Cancel) is null, Cancel);

        string[] secrets =
        [
            token.Encode(), Base64Url.EncodeToString(token.Secret), Convert.ToBase64String(token.Secret), Convert.ToHexStringLower(token.Secret),
            System.Text.Encoding.UTF8.GetString(authority.Data["tls.key"]).Split('\n')[1], "PRIVATE KEY",
        ];
        var shown = string.Join('\n', [.. bed.Logs, record, host, events]);
        Assert.Contains(bed.Logs, line => line.Contains("was refused", StringComparison.Ordinal));
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, shown, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_protection_s_grant_is_shown_nowhere()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel);
        var query = new Uri(Assert.Single(world.Agent.Puts.Take(1)).LogContainerUri).Query;
        var signature = query[(query.IndexOf("sig=", StringComparison.Ordinal) + 4)..].Split('&')[0];

        var status = KubernetesJson.Serialize((await world.ReadAsync("vm", Cancel))!.Status);
        var events = KubernetesJson.Serialize(await world.EventsAsync("vm", Cancel));
        var shown = string.Join('\n', [.. world.Logs, status, events]);

        Assert.True(signature.Length > 20 && world.Logs.Count > 10);
        Assert.All([signature, Uri.UnescapeDataString(signature), cluster.Azurite.AccountKey], secret => Assert.DoesNotContain(secret, shown, StringComparison.Ordinal));
    }
}

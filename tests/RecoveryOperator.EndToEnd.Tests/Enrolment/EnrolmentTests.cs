using System.Security.Cryptography.X509Certificates;
using RecoveryOperator.EndToEnd.Tests.World;

namespace RecoveryOperator.EndToEnd.Tests.Enrolment;

/// <summary>A host's whole way with the operator, from its manifest to its deletion; every part a process.</summary>
[Collection(ProductWorld.Collection)]
public sealed class EnrolmentTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_joins_by_its_token_renews_and_is_shut_out_when_it_is_deleted()
    {
        await using var world = await EnrolmentWorld.UpAsync(Cancel);
        var port = EnrolmentWorld.FreePort();
        await world.AddHostAsync("host-a", port);
        var token = await world.TokenAsync("host-a", Cancel);

        await RefusesAsync(world, EnrolmentWorld.Changed(token, "authority", new string('0', 64)), "nothing was sent to it");
        await RefusesAsync(world, EnrolmentWorld.Changed(token, "expires", "2020-01-01T00:00:00Z"), "expired");
        await RefusesAsync(world, EnrolmentWorld.Changed(token, "cluster", "another"), "nothing was sent to it");
        Assert.Equal(token, await world.TokenAsync("host-a", Cancel));

        var agent = world.StartAgent("host-a", port, token, "--Enrolment:RenewAtFraction", "0.01");
        await world.ConnectedAsync("host-a", "True", Cancel);
        var identity = world.FileOf("host-a/identity/identity.pem");
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(identity));
        await Until.HoldsAsync(30, "the token is taken away", async () => !(await world.Cluster.RunAsync("get", "secrets")).Contains("host-a-enrolment", StringComparison.Ordinal), Cancel);
        await RefusesAsync(world, token, "not good");

        // It renewed at once; whoever connects now sees the new certificate of a process that was never restarted.
        await Until.HoldsAsync(30, "the certificate was renewed", () => Task.FromResult(agent.Output.Contains("The certificate was renewed", StringComparison.Ordinal)), Cancel);
        await world.RestartOperatorAsync();
        await Until.HoldsAsync(60, "the renewed certificate is served", () => Task.FromResult(agent.Output.Contains("was read again", StringComparison.Ordinal)), Cancel);
        await world.ConnectedAsync("host-a", "True", Cancel);
        using var present = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(identity, Cancel));

        await world.Cluster.RunAsync("delete", "rhost", "host-a", "--timeout=60s");
        Assert.Contains(
            present.SerialNumber, await world.Cluster.RunAsync("get", "configmap", "recovery-operator-revoked", "-n", "recovery-system", "-o", "json"), StringComparison.OrdinalIgnoreCase);
        await world.AddHostAsync("host-a", port);
        var next = await world.TokenAsync("host-a", Cancel);
        await Until.HoldsAsync(60, "the agent's certificate is refused", () => Task.FromResult(world.Logs.Contains($"{present.SerialNumber} is revoked", StringComparison.Ordinal)), Cancel);
        await world.ConnectedAsync("host-a", "False", Cancel);

        var again = await world.EnrollAsync("host-a", next, Cancel);
        Assert.Equal(0, again.ExitCode);
        await world.ConnectedAsync("host-a", "True", Cancel);
        await TellsNoSecretAsync(world, [token, next], await File.ReadAllTextAsync(identity, Cancel));
    }

    private static async Task RefusesAsync(EnrolmentWorld world, string token, string reason)
    {
        var result = await world.EnrollAsync("stranger", token, Cancel);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
    }

    /// <summary>Neither what was printed, nor what the API server shows to those who may not read Secrets.</summary>
    private static async Task TellsNoSecretAsync(EnrolmentWorld world, string[] tokens, string identity)
    {
        var shown = world.Logs + await world.Cluster.RunAsync("get", "events,configmaps,rhost,rsite", "-A", "-o", "json");
        var key = identity[(identity.IndexOf("PRIVATE KEY-----", StringComparison.Ordinal) + 17)..].Split('\n')[0];
        string[] secrets = [.. tokens, .. tokens.Select(token => EnrolmentWorld.ValueOf(token, "secret")), key, "PRIVATE KEY"];

        Assert.Contains("WaitingForAgent", shown, StringComparison.Ordinal);
        Assert.True(key.Length > 40);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, shown, StringComparison.Ordinal));
    }
}

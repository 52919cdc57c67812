using System.Text.RegularExpressions;
using k8s.Models;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.Tests.BadInput;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;
using Agent = RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.Kinds;

/// <summary>What a person sees of the kinds with the real kubectl.</summary>
public partial class KubectlTests(Cluster cluster)
{
    private static readonly Dictionary<string, string> ShortNames = new()
    {
        ["RecoverySite"] = "rsite",
        ["RecoveryHost"] = "rhost",
        ["RecoveryVault"] = "rvault",
        ["ReplicationPolicy"] = "rpol",
        ["NetworkMap"] = "nmap",
        ["ProtectedVM"] = "pvm",
        ["RecoveryPlan"] = "rplan",
        ["RecoveryJob"] = "rjob",
    };

    /// <summary>The columns by which each kind answers what a person would ask first; without -o wide.</summary>
    private static readonly Dictionary<string, string[]> Columns = new()
    {
        ["rsite"] = ["TYPE", "HOSTS", "CONNECTED", "VMS", "READY"],
        ["rhost"] = ["SITE", "CONNECTED", "DRIVER", "VMS", "AGENT"],
        ["rvault"] = ["ACCOUNT", "REACHABLE", "VMS", "READY"],
        ["rpol"] = ["FREQUENCY", "RETENTION", "VMS", "READY"],
        ["nmap"] = ["SOURCE", "TARGET", "MAPPED", "UNMAPPED", "READY"],
        ["pvm"] = ["SITE", "POLICY", "PHASE", "HEALTH", "RPO", "PROGRESS"],
        ["rplan"] = ["PHASE", "OPERATION", "STATE", "READY"],
        ["rjob"] = ["TYPE", "SUBJECT", "STATE", "STEP", "PROGRESS"],
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_recovery_lists_all_eight_kinds_and_each_has_its_short_name_and_columns()
    {
        var kubectl = await NamespaceAsync();
        foreach (var kind in GoodManifests.Kinds)
        {
            var applied = await kubectl.TryAsync(GoodManifests.Changed(kind, "one"), Cancel, "apply", "-f", "-");
            Assert.True(applied.Succeeded, applied.Text);
        }

        var all = await kubectl.RunAsync(Cancel, "get", "recovery", "-o", "name");
        Assert.All(GoodManifests.Kinds, kind => Assert.Contains($"{kind.ToLowerInvariant()}.recoveryoperator.io/one", all, StringComparison.Ordinal));
        Assert.Equal(GoodManifests.Kinds.Order(), ShortNames.Keys.Order());
        foreach (var name in ShortNames.Values)
        {
            var header = (await kubectl.RunAsync(Cancel, "get", name)).Split('\n')[0];
            Assert.All(Columns[name], column => Assert.Matches($@"\b{column}\b", header));
            Assert.Matches(@"\b(STATUS|MESSAGE)\b", (await kubectl.RunAsync(Cancel, "get", name, "-o", "wide")).Split('\n')[0]);
        }
    }

    [Fact]
    public async Task Explain_has_words_for_every_kind()
    {
        var kubectl = await NamespaceAsync();
        foreach (var (kind, name) in ShortNames)
        {
            foreach (var path in new[] { name, $"{name}.spec", $"{name}.status", $"{name}.status.conditions.reason" })
            {
                var text = await kubectl.RunAsync(Cancel, "explain", path);
                Assert.Contains(kind, text, StringComparison.Ordinal);
                Assert.DoesNotContain("<empty>", text, StringComparison.Ordinal);
                Assert.DoesNotContain("<no description>", text, StringComparison.Ordinal);
                Assert.Matches(Description(), text);
            }
        }
    }

    /// <summary>A manifest that says only what it must is completed by the server.</summary>
    [Fact]
    public async Task Defaults_are_filled_in_by_the_server()
    {
        var kubectl = await NamespaceAsync();
        foreach (var (kind, change) in new[] { ("ProtectedVM", """{"resync":{"token":"a"}}"""), ("ReplicationPolicy", """{"resync":{}}""") })
        {
            var applied = await kubectl.TryAsync(GoodManifests.Changed(kind, "bare", change), Cancel, "apply", "-f", "-");
            Assert.True(applied.Succeeded, applied.Text);
        }

        Assert.Equal(
            "false Retain Run Stored",
            await kubectl.RunAsync(Cancel, "get", "pvm", "bare", "-o", "jsonpath={.spec.paused} {.spec.deletionPolicy} {.spec.resync.action} {.spec.resync.checksums}"));
        Assert.Equal(
            "4 Protect Zstd true 50",
            await kubectl.RunAsync(Cancel, "get", "rpol", "bare", "-o", "jsonpath={.spec.uploadConcurrency} {.spec.newDisks} {.spec.compression} {.spec.resync.automatic} {.spec.resync.thresholdPercent}"));
    }

    /// <summary>The list of all that goes on, while it goes on.</summary>
    [Fact]
    public async Task Get_rjob_shows_what_runs_how_far_it_is_and_what_came_of_it()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        var kubectl = new Kubectl(cluster.KubeconfigPath, world.Namespace);
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        world.Agent.Report(id, s => s.Initial = new() { Disk = 1, Disks = 1, BytesDone = 42, BytesTotal = 100 });

        await Eventually.HoldsAsync(async () => Row().IsMatch(await kubectl.RunAsync(Cancel, "get", "rjob")), Cancel);
        Assert.Contains("The disks are copied. Disk 1 of 1.", await kubectl.RunAsync(Cancel, "get", "rjob", "-o", "wide"), StringComparison.Ordinal);

        world.Agent.Report(id, s => (s.Phase, s.CommittedSequence, s.Initial) = (Agent.ProtectionPhase.Replicating, 1, null));
        await world.Replicas.ApplyAsync(id, 1, DateTimeOffset.UtcNow, Cancel);
        await kubectl.RunAsync(Cancel, "wait", "rjob", "--all", "--for=condition=Ready", "--timeout=100s");
        Assert.Matches(@"Succeeded\s+RecoveryPoint\s+100", await kubectl.RunAsync(Cancel, "get", "rjob"));
    }

    private async Task<Kubectl> NamespaceAsync()
    {
        var name = $"kinds-{Guid.NewGuid():N}"[..20];
        await cluster.Client.CreateAsync(new V1Namespace { Metadata = new() { Name = name } }, Cancel);
        return new(cluster.KubeconfigPath, name);
    }

    [GeneratedRegex(@"vm-initial-\d{14}-[0-9a-f]{8}\s+InitialReplication\s+vm\s+Running\s+Copy\s+42\s")]
    private static partial Regex Row();

    [GeneratedRegex(@"DESCRIPTION:\s+[A-Z][^\n]+")]
    private static partial Regex Description();
}

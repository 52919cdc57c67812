using System.Diagnostics;
using System.Text.Json;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Storage;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.VaultCommands;

/// <summary>P11 as a person meets it: the binary, a storage account, nothing else. The replica is made by the real applier on a real Azurite.</summary>
public sealed class VaultCommandTests(AzuriteServer server) : IAsyncLifetime, IClassFixture<AzuriteServer>
{
    private const int KiB = 1024;
    private const int MiB = 1024 * KiB;

    private readonly string _folder = Directory.CreateTempSubdirectory("vault-commands-").FullName;
    private readonly string _name = $"web-{Guid.NewGuid():N}";
    private readonly Azurite _azurite = server.Azurite;
    private ShippedMachine _web = null!;

    private string[] Key => ["--endpoint", _azurite.Endpoint.ToString(), "--key-file", KeyFile];

    private string KeyFile => Path.Combine(_folder, "account.key");

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(KeyFile, _azurite.AccountKey);
        _web = await new ShippedMachine(_azurite, _name, 11, 9 * MiB, (2 * MiB) + (5 * KiB)).CreateAsync();
        _web.Write(0, 0, 300 * KiB);
        _web.Write(0, 5 * MiB, MiB);
        _web.Write(1, (2 * MiB) + KiB, 4 * KiB);
        await _web.CommitAsync(Consistency.AppConsistent);
        _web.Write(0, 64 * KiB, 10 * KiB);
        _web.Zero(0, 5 * MiB, 512 * KiB);
        await _web.CommitAsync();
        await _web.ApplyAsync();
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task P11_with_the_account_and_the_binary_alone_machines_and_points_are_listed_and_a_point_is_verified()
    {
        (int listed, string list, string listError) = await AgentProcess.RunAsync(["vault", "list", .. Key]);
        (int pointed, string points, _) = await AgentProcess.RunAsync(["vault", "points", $"apps/{_name}", .. Key]);
        (int verified, string verification, string progress) = await AgentProcess.RunAsync(["vault", "verify", $"{_name}.example", .. Key, "--record"]);
        (_, string recorded, _) = await AgentProcess.RunAsync(["vault", "points", _web.Id.ToString(), .. Key]);

        Assert.True((listed, pointed, verified) == (0, 0, 0), list + listError + points + verification + progress);
        Assert.Contains($"apps/{_name}", list, StringComparison.Ordinal);
        Assert.Contains("east", list, StringComparison.Ordinal);
        Assert.Equal(["1-2", "1-1"], points.Split('\n')[1..3].Select(line => line.Split(' ')[0]));
        Assert.Contains("AppConsistent", points, StringComparison.Ordinal);
        Assert.Contains("never", points, StringComparison.Ordinal);
        Assert.Contains("is whole", verification, StringComparison.Ordinal);
        Assert.Contains("100%", progress, StringComparison.Ordinal);
        Assert.DoesNotContain("never", recorded.Split('\n')[1], StringComparison.Ordinal);
        AppliedDocument? applied = await _web.Vault.ReadAppliedAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, applied?.Verified?.Point.Sequence);
    }

    [Theory]
    [InlineData("raw")]
    [InlineData("qcow2")]
    [InlineData("vhd")]
    public async Task P11_a_read_only_credential_restores_disks_that_equal_the_source(string format)
    {
        Dictionary<string, string> environment = new()
        {
            ["RECOVERY_AGENT_Vault__Endpoint"] = _azurite.Endpoint.ToString(),
            ["RECOVERY_AGENT_Vault__Sas"] = ShippedMachine.ReadOnlySas(_azurite),
        };
        string target = Path.Combine(_folder, "restored");
        (int code, string output, string error) = await AgentProcess.EndAsync(
            AgentProcess.Start(["vault", "restore", _name, "--point", "latest", "--format", format, "--to", target], environment));
        Assert.True(code == 0, output + error);

        for (int disk = 0; disk < 2; disk++)
        {
            string expected = Path.Combine(_folder, $"expected-{disk}.raw");
            byte[] content = _web.Disks[disk];
            Array.Resize(ref content, format == "vhd" ? (content.Length + MiB - 1) / MiB * MiB : content.Length);
            await File.WriteAllBytesAsync(expected, content, TestContext.Current.CancellationToken);
            string image = Path.Combine(target, $"disk-{disk}-vd{(char)('a' + disk)}.{format}");
            (int compared, string comparison, string fault) = await AgentProcess.RunToolAsync(
                "qemu-img", "compare", "-f", "raw", "-F", format == "vhd" ? "vpc" : format, expected, image);
            Assert.True(compared == 0, comparison + fault);
            if (format == "qcow2")
                Assert.Equal(0, (await AgentProcess.RunToolAsync("qemu-img", "check", image)).ExitCode);
        }

        Assert.Empty(Directory.GetFiles(target, "*.partial"));
        Assert.Equal("<domain/>", await File.ReadAllTextAsync(Path.Combine(target, "machine.xml"), TestContext.Current.CancellationToken));
        using JsonDocument machine = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(target, "machine.json"), TestContext.Current.CancellationToken));
        Assert.Equal(2, machine.RootElement.GetProperty("point").GetProperty("sequence").GetInt64());
        Assert.True(machine.RootElement.GetProperty("verified").GetBoolean());
    }

    [Fact]
    public async Task P5_one_flipped_bit_in_the_replica_is_found_by_verify_and_by_restore_and_the_older_point_is_restored()
    {
        await _web.FlipAsync(0, (5 * MiB) + (700 * KiB));
        _web.Write(1, 0, KiB);
        await _web.CommitAsync();
        await _web.ApplyAsync();
        string target = Path.Combine(_folder, "restored");

        (int verified, string verification, _) = await AgentProcess.RunAsync(["vault", "verify", _name, .. Key, "--record"]);
        (int restored, _, string refusal) = await AgentProcess.RunAsync(["vault", "restore", _name, .. Key, "--to", target]);
        Assert.Equal((3, 3), (verified, restored));
        Assert.Contains($"bytes {(5 * MiB) + (640 * KiB)} to {(5 * MiB) + (704 * KiB) - 1} (1 blocks)", verification, StringComparison.Ordinal);
        Assert.Contains("Nothing is kept", refusal, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(target));

        AppliedDocument? applied = await _web.Vault.ReadAppliedAsync(TestContext.Current.CancellationToken);
        Assert.Equal((3L, 0, (5L * MiB) + (640 * KiB), 1L), (applied?.ReplicaDamage?.Point.Sequence, applied?.ReplicaDamage?.Disk, applied?.ReplicaDamage?.OffsetBytes, applied?.ReplicaDamage?.BadBlocks));
        (_, string points, _) = await AgentProcess.RunAsync(["vault", "points", _name, .. Key]);
        Assert.Contains("DAMAGED (1 blocks", points, StringComparison.Ordinal);

        (int older, string output, string error) = await AgentProcess.RunAsync(["vault", "restore", _name, .. Key, "--to", target, "--point", "1-2"]);
        Assert.True(older == 0, output + error);
        (int kept, _, _) = await AgentProcess.RunAsync(["vault", "restore", _name, .. Key, "--to", target, "--overwrite", "--keep-damaged"]);
        Assert.Equal(3, kept);
        Assert.Contains("\"verified\": false", await File.ReadAllTextAsync(Path.Combine(target, "machine.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restore_that_is_killed_leaves_nothing_that_looks_finished()
    {
        ShippedMachine big = await new ShippedMachine(_azurite, "big", 12, 160 * MiB).CreateAsync();
        for (int part = 0; part < 10; part++)
        {
            big.Write(0, part * 16 * MiB, 15 * MiB);
            await big.CommitAsync();
        }

        await big.ApplyAsync();
        string target = Path.Combine(_folder, "killed");
        using Process restore = AgentProcess.Start(["vault", "restore", "big", .. Key, "--to", target, "--reads", "1"]);
        await Eventually.HoldsAsync(() => Task.FromResult(Directory.Exists(target) && Directory.GetFiles(target).Length > 0), TestContext.Current.CancellationToken);
        restore.Kill();
        await restore.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["disk-0-vda.raw.partial"], Directory.GetFiles(target).Select(Path.GetFileName));

        (int again, string output, string error) = await AgentProcess.RunAsync(["vault", "restore", "big", .. Key, "--to", target]);
        Assert.True(again == 0, output + error);
        Assert.Equal(["disk-0-vda.raw", "machine.json", "machine.xml"], Directory.GetFiles(target).Select(Path.GetFileName).Order());
        byte[] content = await File.ReadAllBytesAsync(Path.Combine(target, "disk-0-vda.raw"), TestContext.Current.CancellationToken);
        Assert.True(content.AsSpan().SequenceEqual(big.Disks[0]));
    }

    [Fact]
    public async Task A_mistake_is_answered_with_what_to_do()
    {
        await ExpectAsync(1, "holds no machine 'wbe'. It holds", "points", "wbe");
        await ExpectAsync(1, "has no point '1-9'", "verify", _name, "--point", "1-9");
        await ExpectAsync(1, "is no point. Give latest", "verify", _name, "--point", "yesterday");
        await ExpectAsync(2, "--to", "restore", _name);
        await ExpectAsync(2, "raw", "restore", _name, "--to", _folder, "--format", "vmdk");
        (int code, _, string error) = await AgentProcess.RunAsync("vault", "list");
        Assert.Equal(2, code);
        Assert.Contains("Vault:Endpoint must be", error, StringComparison.Ordinal);
        (code, _, error) = await AgentProcess.RunAsync("vault", "list", "--Vault:Endpoint", _azurite.Endpoint.ToString(), "--Vault:AccountKey", Convert.ToBase64String(new byte[64]));
        Assert.Equal(1, code);
        Assert.Contains("Check the account name and key", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_committed_but_not_applied_is_told_and_applied_on_demand()
    {
        _web.Write(0, 0, KiB);
        await _web.CommitAsync();
        (_, _, string told) = await AgentProcess.RunAsync(["vault", "points", _name, .. Key]);
        Assert.Contains("Sets up to 1-3", told, StringComparison.Ordinal);
        (int code, _, string error) = await AgentProcess.RunAsync("vault", "apply", _name, "--connection-string", $"AccountName={_azurite.AccountName};AccountKey={_azurite.AccountKey};BlobEndpoint={_azurite.Endpoint};");
        Assert.True(code == 0, error);
        Assert.Equal(3, (await _web.Vault.ReadAppliedAsync(TestContext.Current.CancellationToken))?.LatestPoint?.Sequence);
    }

    private async Task ExpectAsync(int code, string text, params string[] command)
    {
        (int exit, string output, string error) = await AgentProcess.RunAsync(["vault", .. command, .. Key]);
        Assert.True(exit == code, $"{exit}: {output}{error}");
        Assert.Contains(text, error, StringComparison.Ordinal);
    }
}

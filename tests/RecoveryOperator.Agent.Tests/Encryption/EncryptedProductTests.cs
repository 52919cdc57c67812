using System.Security.Cryptography.X509Certificates;
using System.Text;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Agent.VaultRole;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Storage;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Encryption;

namespace RecoveryOperator.Agent.Tests.Encryption;

/// <summary>The real host agent and the real vault agent on a real blob service, with a key that is taken away and given back.</summary>
public sealed class EncryptedProductTests
{
    private const int DiskBytes = 2 * 1024 * 1024;
    private const string Marker = "the guest's secret, which only its points may show";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Logs_show_nothing_points_are_right_and_a_key_that_is_away_is_waited_for()
    {
        string folder = Directory.CreateTempSubdirectory("agent-crypto-").FullName;
        await using Azurite azurite = await Azurite.StartAsync(Token);
        using TestCertificates certificates = new(folder, "ca");
        certificates.WriteServer("localhost");
        using X509Certificate2 client = certificates.IssueClient("recovery-operator");
        string disk = WriteMachine(folder);
        ProtectionId id = ProtectionId.Compute("t", "default", "web-1");
        ProtectionVault vault = VaultAccount.Connect(new VaultConnectionOptions
        {
            Endpoint = azurite.Endpoint,
            AccountName = azurite.AccountName,
            AccountKey = azurite.AccountKey,
            Prefix = "t",
        }).Open(id);
        DataKey key = DataKey.Generate();
        string keyFile = Path.Combine(folder, "kek");
        await WriteKeysAsync(vault, key, keyFile);
        CollectingLoggers logs = new();
        await using WebApplication vaultAgent = StartVaultAgent(folder, azurite, certificates, keyFile, logs);
        await vaultAgent.StartAsync(Token);
        await using RunningAgent host = await RunningAgent.StartAsync(folder, certificates, Token);
        HostAgent.HostAgentClient calls = host.Connect(client);
        Assert.True((await calls.DescribeAsync(new DescribeHostRequest(), cancellationToken: Token)).EncryptsPayloads);
        await calls.PutProtectionAsync(new PutProtectionRequest { Protection = await DesiredAsync(vault, key) }, cancellationToken: Token);
        await CutAsync(calls, id, "cut-1");
        await UntilAppliedAsync(vault, 2);
        await AssertNewestPointAsync(vault, azurite, disk);

        string taken = await File.ReadAllTextAsync(keyFile, Token);
        File.Delete(keyFile);
        Overwrite(disk, 1);
        await CutAsync(calls, id, "cut-2");
        ReplicaDisplay shown = vaultAgent.Services.GetRequiredService<ReplicaDirectory>().Get(id).Work.Display;
        await Eventually.HoldsAsync(() => shown.Status.Fault?.Reason == "KeyMissing", Token);
        Fault fault = shown.Status.Fault;
        AppliedDocument waiting = (await vault.ReadAppliedAsync(Token))!;
        await File.WriteAllTextAsync(keyFile, taken, Token);
        await UntilAppliedAsync(vault, 3);
        await AssertNewestPointAsync(vault, azurite, disk);

        Assert.Equal((FaultCategory.NonRecoverable, 2L, null), (fault.Category, waiting.Sequence, waiting.Damage));
        Assert.Contains(keyFile, fault.Message, StringComparison.Ordinal);
        Assert.Null(shown.Status.Fault);
        await AssertLogsAreDarkAsync(azurite, id);
        EncryptedEngineTests.AssertNoKey(key, logs.Text);
        Assert.True(logs.Text.Length > 200);
        foreach (string file in Directory.GetFiles(Path.Combine(folder, "state"), "agent.db*"))
            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite), $"others may read {file}");
    }

    private static async Task WriteKeysAsync(ProtectionVault vault, DataKey key, string keyFile)
    {
        byte[] secret = DataKey.Generate().Secret.ToArray();
        await File.WriteAllTextAsync(keyFile, Convert.ToBase64String(secret), Token);
        KeyEncryptionKey kek = KeyEncryptionKey.TryParse(secret)!;
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        await vault.CreateMachineAsync(prefix: "t");
        WrappedDataKey wrapped = new(key.Id.ToString(), kek.Id.ToString(), kek.Wrap(key, vault.Id), now, DataKeyState.Active, "");
        await vault.WriteKeysAsync(new KeysDocument { ProtectionId = vault.Id.ToString(), Keys = [wrapped] }, null, Token);
    }

    private static WebApplication StartVaultAgent(string folder, Azurite azurite, TestCertificates certificates, string keyFile, CollectingLoggers logs)
    {
        WebApplication app = VaultRoleHost.Build(
        [
            "--Listen:Grpc", "127.0.0.1:0",
            "--Listen:Health", "127.0.0.1:0",
            "--Tls:Certificate", certificates.CertificatePath,
            "--Tls:Key", certificates.KeyPath,
            "--Tls:CertificateAuthority", certificates.AuthorityPath,
            "--State:Directory", Path.Combine(folder, "vault-state"),
            "--Vault:Endpoint", azurite.Endpoint.ToString(),
            "--Vault:Prefix", "t",
            "--Vault:AccountName", azurite.AccountName,
            "--Vault:AccountKey", azurite.AccountKey,
            "--Vault:EncryptionKeyFiles", keyFile,
            "--Apply:RoundSeconds", "0.2",
            "--Logging:LogLevel:Default", "Trace",
        ]);
        app.Services.GetRequiredService<ILoggerFactory>().AddProvider(logs);
        return app;
    }

    private static async Task<DesiredProtection> DesiredAsync(ProtectionVault vault, DataKey key) => new()
    {
        ProtectionId = vault.Id.ToString(),
        DisplayName = "default/web-1",
        Machine = "web-1",
        Epoch = 1,
        CopyFrequency = Duration.FromTimeSpan(TimeSpan.FromHours(1)),
        LogContainerUri = (await vault.GrantHostAsync(1, TimeProvider.System.GetUtcNow(), Token)).ToString(),
        PayloadKey = EncryptedEngineTests.Message(key),
    };

    private static async Task CutAsync(HostAgent.HostAgentClient client, ProtectionId id, string operation)
    {
        await client.StartOperationAsync(
            new StartHostOperationRequest { Id = operation, CutNow = new CutNow { ProtectionId = id.ToString(), Epoch = 1 } }, cancellationToken: Token);
        Operation? last = null;
        using var call = client.WatchOperation(new WatchOperationRequest { Id = operation }, cancellationToken: Token);
        while (await call.ResponseStream.MoveNext(Token))
            last = call.ResponseStream.Current;
        Assert.True(last!.State == OperationState.Succeeded, last.ToString());
    }

    private static Task UntilAppliedAsync(ProtectionVault vault, long atLeast) =>
        Eventually.HoldsAsync(async () => (await vault.ReadAppliedAsync(Token))?.Sequence >= atLeast, Token);

    private static BlobServiceClient Service(Azurite azurite) => new(azurite.Endpoint, new StorageSharedKeyCredential(azurite.AccountName, azurite.AccountKey));

    private static async Task AssertNewestPointAsync(ProtectionVault vault, Azurite azurite, string disk)
    {
        PointDisk point = (await vault.ListPointsAsync(Token))[^1].Disks[0];
        BlobClient blob = Service(azurite).GetBlobContainerClient(VaultNames.ReplicaContainer(vault.Id)).GetBlobClient(point.Blob).WithSnapshot(point.Snapshot);
        byte[] content = (await blob.DownloadContentAsync(Token)).Value.Content.ToArray();
        Assert.True((await File.ReadAllBytesAsync(disk, Token)).AsSpan().SequenceEqual(content.AsSpan(0, DiskBytes)), "the newest point differs");
        Assert.True(content.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Marker)) >= 0);
    }

    private static async Task AssertLogsAreDarkAsync(Azurite azurite, ProtectionId id)
    {
        BlobContainerClient log = Service(azurite).GetBlobContainerClient(VaultNames.LogContainer(id));
        int segments = 0;
        await foreach (BlobItem blob in log.GetBlobsAsync(cancellationToken: Token))
        {
            byte[] content = (await log.GetBlobClient(blob.Name).DownloadContentAsync(Token)).Value.Content.ToArray();
            Assert.True(content.AsSpan().IndexOf("secret, which"u8) < 0, $"{blob.Name} shows what the guest wrote");
            segments += blob.Name.EndsWith(".hrl", StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.True(segments >= 2, $"{segments} segments");
    }

    private static string WriteMachine(string folder)
    {
        string machine = Directory.CreateDirectory(Path.Combine(folder, "machines", "web-1")).FullName;
        File.WriteAllText(Path.Combine(machine, "machine.json"), """
            {"id": "6f0c7c52-6a3c-4d2a-9d8e-0f3b7c3a1d11", "name": "web-1", "virtualCpus": 1, "memoryBytes": 1073741824,
             "disks": [{"target": "vda", "file": "disk-0.raw"}], "nics": []}
            """);
        string disk = Path.Combine(machine, "disk-0.raw");
        byte[] content = new byte[DiskBytes];
        new Random(7).NextBytes(content.AsSpan(0, DiskBytes / 2));
        File.WriteAllBytes(disk, content);
        Overwrite(disk, 0);
        return disk;
    }

    private static void Overwrite(string disk, int round)
    {
        byte[] content = File.ReadAllBytes(disk);
        for (int offset = 500; offset < content.Length - 1000; offset += 40_000)
            Encoding.ASCII.GetBytes($"{Marker} {round}").CopyTo(content, offset);
        File.WriteAllBytes(disk, content);
    }
}

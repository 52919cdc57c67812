using System.Security.Cryptography.X509Certificates;
using Azure.Storage;
using Azure.Storage.Blobs;
using Google.Protobuf.WellKnownTypes;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.DataPath;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing.Storage;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Agent.Tests.Integration;

/// <summary>The real agent, driver and storage: gRPC over mutual TLS, images on disk, Azurite with the host's own narrow grant.</summary>
public sealed class ImagesToAzuriteTests
{
    private const int DiskSizeBytes = 3 * 1024 * 1024 + 4096;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_machine_is_replicated_and_each_set_holds_what_its_disks_held()
    {
        string folder = Directory.CreateTempSubdirectory("agent-images-").FullName;
        await using Azurite azurite = await Azurite.StartAsync(Token);
        using TestCertificates certificates = new(folder, "ca");
        certificates.WriteServer("localhost");
        using X509Certificate2 operatorCertificate = certificates.IssueClient("recovery-operator");
        string machine = Path.Combine(folder, "machines", "web-1");
        WriteMachine(machine);
        VaultAccount account = VaultAccount.Connect(new VaultConnectionOptions
        {
            Endpoint = azurite.Endpoint,
            AccountName = azurite.AccountName,
            AccountKey = azurite.AccountKey,
        });
        ProtectionId id = ProtectionId.Compute("", "default", "web-1");
        ProtectionVault vault = account.Open(id);
        await vault.CreateMachineAsync();
        Uri grant = await vault.GrantHostAsync(1, DateTimeOffset.UtcNow, Token);
        BlobContainerClient log = new(
            new Uri($"{azurite.Endpoint.ToString().TrimEnd('/')}/{id}-log"), new StorageSharedKeyCredential(azurite.AccountName, azurite.AccountKey));
        ReplayedReplica replica = new(blob => log.GetBlobClient(blob).DownloadContent(Token).Value.Content.ToArray());

        long applied = 0;
        await using (RunningAgent agent = await RunningAgent.StartAsync(folder, certificates, Token))
        {
            HostAgent.HostAgentClient client = agent.Connect(operatorCertificate);
            HostDescription host = await client.DescribeAsync(new DescribeHostRequest(), cancellationToken: Token);
            Assert.Equal("web-1", Assert.Single(host.Machines).Name);
            await client.PutProtectionAsync(
                new PutProtectionRequest
                {
                    Protection = new DesiredProtection
                    {
                        ProtectionId = id.ToString(),
                        DisplayName = "default/web-1",
                        Machine = "web-1",
                        Epoch = 1,
                        CopyFrequency = Duration.FromTimeSpan(TimeSpan.FromHours(1)),
                        LogContainerUri = grant.ToString(),
                    },
                },
                cancellationToken: Token);
            CutInfo first = (await CutAsync(client, id, "cut-1")).Result.Cut;
            for (; applied < first.Sequence; applied++)
                await replica.ApplyAsync((await vault.ReadSetAsync(1, applied + 1, Token))!.Manifest, Token);
            AssertSame(machine, replica);
        }

        // Another process takes up where the first one ended; only what changed meanwhile travels.
        Overwrite(Path.Combine(machine, "disk-1.raw"), offset: 65536 * 7, value: 0x5a);
        await using (RunningAgent agent = await RunningAgent.StartAsync(folder, certificates, Token))
        {
            HostAgent.HostAgentClient client = agent.Connect(operatorCertificate);
            CutInfo second = (await CutAsync(client, id, "cut-2")).Result.Cut;
            for (; applied < second.Sequence; applied++)
                await replica.ApplyAsync((await vault.ReadSetAsync(1, applied + 1, Token))!.Manifest, Token);
            AssertSame(machine, replica);
            ProtectionStatus status = Assert.Single((await client.ListProtectionsAsync(new ListProtectionsRequest(), cancellationToken: Token)).Protections);
            Assert.Equal(ProtectionPhase.Replicating, status.Phase);
            Assert.Null(status.Fault);
            using HttpClient http = new() { BaseAddress = new Uri(agent.HealthAddress) };
            Assert.Equal("Healthy", await http.GetStringAsync("/healthz", Token));
            string metrics = await http.GetStringAsync("/metrics", Token);
            Assert.Contains("recovery_shipped_bytes_total{namespace=\"default\",name=\"web-1\"}", metrics, StringComparison.Ordinal);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task<Operation> CutAsync(HostAgent.HostAgentClient client, ProtectionId id, string operationId)
    {
        await client.StartOperationAsync(
            new StartHostOperationRequest { Id = operationId, CutNow = new CutNow { ProtectionId = id.ToString(), Epoch = 1 } }, cancellationToken: Token);
        Operation? last = null;
        using var call = client.WatchOperation(new WatchOperationRequest { Id = operationId }, cancellationToken: Token);
        while (await call.ResponseStream.MoveNext(Token))
            last = call.ResponseStream.Current;
        Assert.True(last!.State == OperationState.Succeeded, last.ToString());
        return last;
    }

    private static void WriteMachine(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "machine.json"), """
            {"id": "6f0c7c52-6a3c-4d2a-9d8e-0f3b7c3a1d11", "name": "web-1", "virtualCpus": 1, "memoryBytes": 1073741824,
             "disks": [{"target": "vda", "file": "disk-0.raw"}, {"target": "vdb", "file": "disk-1.raw"}],
             "nics": [{"mac": "52:54:00:00:00:01", "network": "default"}]}
            """);
        Random random = new(1);
        for (int disk = 0; disk < 2; disk++)
        {
            byte[] content = new byte[DiskSizeBytes];
            random.NextBytes(content.AsSpan(65536, 400_000));
            random.NextBytes(content.AsSpan(DiskSizeBytes - 5000));
            File.WriteAllBytes(Path.Combine(folder, $"disk-{disk}.raw"), content);
        }
    }

    private static void Overwrite(string path, int offset, byte value)
    {
        byte[] content = File.ReadAllBytes(path);
        content.AsSpan(offset, 70_000).Fill(value);
        File.WriteAllBytes(path, content);
    }

    private static void AssertSame(string machine, ReplayedReplica replica)
    {
        for (int disk = 0; disk < 2; disk++)
            Assert.True(File.ReadAllBytes(Path.Combine(machine, $"disk-{disk}.raw")).AsSpan().SequenceEqual(replica.Disks[disk]), $"disk {disk} differs");
    }
}

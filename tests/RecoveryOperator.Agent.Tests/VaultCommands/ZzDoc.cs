using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.VaultCommands;

public sealed class ZzDoc(AzuriteServer server) : IClassFixture<AzuriteServer>
{
    [Fact]
    public async Task Doc()
    {
        const int M = 1024 * 1024;
        ShippedMachine web = await new ShippedMachine(server.Azurite, "web-1", 1, 512 * M, 64 * M).CreateAsync();
        for (int i = 0; i < 12; i++)
        {
            web.Write(0, i * 30 * M, 12 * M);
            await web.CommitAsync(i == 0 ? Consistency.AppConsistent : Consistency.CrashConsistent);
        }
        web.Write(1, M, 9 * M);
        await web.CommitAsync(Consistency.AppConsistent);
        web.Write(0, 0, 200000);
        await web.CommitAsync();
        ShippedMachine db = await new ShippedMachine(server.Azurite, "db-1", 2, 16 * M).CreateAsync();
        db.Write(0, 0, M);
        await db.CommitAsync();
        await db.ApplyAsync();
        await web.ApplyAsync();
        web.Write(0, 0, 200000);
        await web.CommitAsync();
        await File.WriteAllTextAsync("/tmp/doc/account.key", server.Azurite.AccountKey);
        async Task Run(params string[] a)
        {
            var (c, o, e) = await AgentProcess.RunAsync([.. a, "--endpoint", server.Azurite.Endpoint.ToString(), "--key-file", "/tmp/doc/account.key"]);
            await File.AppendAllTextAsync("/tmp/doc/out.txt", $"$ recovery-agent {string.Join(' ', a)}\n{o}--- err\n{e}exit {c}\n\n");
        }
        await Run("vault", "list");
        await Run("vault", "points", "web-1");
        await Run("vault", "apply", "web-1");
        await Run("vault", "pin", "web-1", "--reason", "incident 42");
        await Run("vault", "verify", "web-1", "--record");
        await Run("vault", "restore", "web-1", "--format", "qcow2", "--to", "/tmp/doc/web-1");
        await web.FlipAsync(0, 70 * M);
        web.Write(1, 0, 10);
        await web.CommitAsync();
        await web.ApplyAsync();
        await Run("vault", "verify", "web-1");
        await Run("vault", "restore", "web-1", "--to", "/tmp/doc/web-2");
        await Run("vault", "restore", "web-1", "--point", "latest-app-consistent", "--to", "/tmp/doc/web-2");
        await Run("vault", "points", "web-1");
        await Run("vault", "--help");
        await Run("vault", "restore", "--help");
    }
}

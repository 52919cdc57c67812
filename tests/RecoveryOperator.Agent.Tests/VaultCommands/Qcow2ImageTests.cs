using RecoveryOperator.Agent.VaultCommands.Restore;

namespace RecoveryOperator.Agent.Tests.VaultCommands;

public sealed class Qcow2ImageTests
{
    private const long MiB = 1024 * 1024;

    [Theory]
    [InlineData(65_536)]
    [InlineData(512 * MiB)]
    [InlineData((512 * MiB) + 512)]
    [InlineData(3 * MiB * MiB)]
    public async Task An_image_of_any_size_is_accepted_by_qemu_and_holds_what_was_written(long sizeBytes)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        string folder = Directory.CreateTempSubdirectory("qcow2-").FullName;
        Random random = new(5);
        using (DiskImage raw = DiskImage.Create("raw", Path.Combine(folder, "raw"), sizeBytes))
        using (DiskImage qcow2 = DiskImage.Create("qcow2", Path.Combine(folder, "qcow2"), sizeBytes))
        {
            foreach ((long offset, int length) in Runs(sizeBytes))
            {
                byte[] content = new byte[length];
                random.NextBytes(content);
                await raw.WriteAsync(offset, content, token);
                await qcow2.WriteAsync(offset, content, token);
            }

            raw.Complete();
            qcow2.Complete();
            raw.Finish();
            qcow2.Finish();
        }

        (int check, string report, string fault) = await AgentProcess.RunToolAsync("qemu-img", "check", Path.Combine(folder, "qcow2"));
        Assert.True(check == 0, report + fault);
        (int same, string comparison, fault) = await AgentProcess.RunToolAsync(
            "qemu-img", "compare", "-f", "raw", "-F", "qcow2", Path.Combine(folder, "raw"), Path.Combine(folder, "qcow2"));
        Assert.True(same == 0, comparison + fault);
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The last block, the first, and runs over the edges of L2 tables: out of order, none twice.</summary>
    private static IEnumerable<(long Offset, int Length)> Runs(long sizeBytes)
    {
        const int Block = 65_536;
        HashSet<long> taken = [];
        foreach (long wanted in new[] { sizeBytes - 1, 0, (512 * MiB) - 1, sizeBytes / 2, 512 * MiB, (512 * MiB) + (3 * Block) })
        {
            long offset = wanted / Block * Block;
            if (offset < sizeBytes && taken.Add(offset))
                yield return (offset, (int)Math.Min(taken.Add(offset + Block) ? 2 * Block : Block, sizeBytes - offset));
        }
    }
}

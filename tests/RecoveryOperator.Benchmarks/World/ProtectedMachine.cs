using System.Globalization;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Benchmarks.World;

/// <summary>A machine with one disk that is replicated: its folder, its image and its place in the vault.</summary>
internal sealed class ProtectedMachine(string folder, string image, Replica replica)
{
    public string Image => image;

    public Replica Replica => replica;

    /// <summary>Makes the machine, claims its place and waits until its first set is committed.</summary>
    public static async Task<ProtectedMachine> ReplicateAsync(
        HostRole host, BlobService blobs, string machines, string name, string image, TimeSpan every, CancellationToken cancellationToken)
    {
        Replica replica = await Replica.ClaimAsync(blobs.Connect(""), name, cancellationToken);
        ImagesMachine.Create(machines, name, image);
        await host.ProtectAsync(HostRole.Desired(replica, name, every), cancellationToken);
        await host.WaitForCommitAsync(replica.Id, 1, cancellationToken);
        return new ProtectedMachine(Path.Combine(machines, name), image, replica);
    }

    /// <summary>Tells the simulated hypervisor what changed since the last set.</summary>
    public void Tell(IEnumerable<Extent> changed) => File.WriteAllLines(
        Path.Combine(folder, "changes"),
        changed.Select(extent => string.Create(CultureInfo.InvariantCulture, $"{extent.OffsetBytes} {extent.LengthBytes}")));
}

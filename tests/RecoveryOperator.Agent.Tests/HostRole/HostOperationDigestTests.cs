using RecoveryOperator.Agent.HostRole;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Tests.HostRole;

public sealed class HostOperationDigestTests
{
    private const string Disk = "https://account.blob.example/replica/disk-0.vhd?snapshot=2026-05-04T12%3A00%3A00Z&sig=";

    [Fact]
    public void A_request_with_renewed_grants_is_the_same() =>
        Assert.Equal(Of($"{Disk}first", "https://account.blob.example/log/sums/disk-0.sum?snapshot=1&sig=a"), Of($"{Disk}second", "https://account.blob.example/log/sums/disk-0.sum?snapshot=1&sig=b"));

    /// <summary>An operator that is upgraded, or put back, within a failover asks for the same once more: it must not be refused as another operation.</summary>
    [Fact]
    public void A_request_of_an_operator_that_gives_no_right_to_the_checksums_is_the_same() =>
        Assert.Equal(Of($"{Disk}first", ""), Of($"{Disk}first", "https://account.blob.example/log/sums/disk-0.sum?snapshot=1&sig=a"));

    [Fact]
    public void Another_snapshot_is_another_request() =>
        Assert.NotEqual(Of($"{Disk}first", ""), Of($"{Disk}first".Replace("12%3A00", "13%3A00", StringComparison.Ordinal), ""));

    private static string Of(string snapshotUri, string sumsUri)
    {
        CreateReplica replica = new() { ProtectionId = "p", OperationId = "op", Name = "web-1" };
        replica.Disks.Add(new ReplicaDiskSource { Index = 0, SizeBytes = 1 << 30, SnapshotUri = snapshotUri, SumsUri = sumsUri });
        return HostOperationDigest.Of(new StartHostOperationRequest { CreateReplica = replica });
    }
}

using RecoveryOperator.Agent.Operations;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.HostRole;

/// <summary>
/// What makes two requests the same: everything but the grants in them, which may be renewed between two calls. The right to a disk's checksums is left out as a whole: an operator
/// of another version, which takes over in the middle, gives it or does not, and the disk's snapshot tells which table it is.
/// </summary>
internal static class HostOperationDigest
{
    private const string SnapshotParameter = "snapshot=";

    public static string Of(StartHostOperationRequest request)
    {
        StartHostOperationRequest bare = request.Clone();
        CreateReplica? replica = bare.CreateReplica ?? bare.CheckReplica?.Replica;
        foreach (ReplicaDiskSource disk in replica?.Disks ?? [])
            (disk.SnapshotUri, disk.SumsUri) = (WithoutGrant(disk.SnapshotUri), "");
        return RequestDigest.Compute(bare);
    }

    private static string WithoutGrant(string uri)
    {
        int query = uri.IndexOf('?', StringComparison.Ordinal);
        if (query < 0)
            return uri;

        string? snapshot = uri[(query + 1)..].Split('&').FirstOrDefault(part => part.StartsWith(SnapshotParameter, StringComparison.Ordinal));
        return $"{uri[..query]}?{snapshot}";
    }
}

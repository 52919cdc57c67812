using System.Text.Json;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Agent.HostRole;

/// <summary>Reads a replica request; what is wrong with it is said without its grants.</summary>
internal static class ReplicaRequests
{
    /// <summary>Stands for the address of a disk in a mere check: nothing is read, so no grant is needed.</summary>
    private static readonly Uri _noAddress = new("about:blank");

    /// <summary>A request that is to be carried out: every disk has an address.</summary>
    public static ReplicaRequest From(CreateReplica request, string operationId) => From(request, operationId, UriOf);

    /// <summary>A request that is only checked.</summary>
    public static ReplicaRequest ForCheck(CreateReplica request, string operationId) => From(request, operationId, (_, _) => _noAddress);

    private static ReplicaRequest From(CreateReplica request, string operationId, Func<CreateReplica, ReplicaDiskSource, Uri> address)
    {
        if (string.IsNullOrWhiteSpace(request.Name))
            throw Invalid(request, "it has no name");

        return new ReplicaRequest(
            request.ProtectionId,
            request.OperationId.Length > 0 ? request.OperationId : operationId,
            request.Name,
            DefinitionOf(request),
            [.. request.Disks.Select(disk => new ReplicaDisk(disk.Index, disk.SizeBytes, address(request, disk), SumsOf(request, disk)))],
            [.. request.Networks.Select(network => network.Length == 0 ? null : network)]);
    }

    private static VirtualMachineDefinition DefinitionOf(CreateReplica request)
    {
        try
        {
            return JsonSerializer.Deserialize<VirtualMachineDefinition>(request.DefinitionJson, VaultJson.Options) ?? throw Invalid(request, "its definition is null");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw Invalid(request, $"its definition cannot be read: {fault.Message}");
        }
    }

    private static Uri UriOf(CreateReplica request, ReplicaDiskSource disk) => Uri.TryCreate(disk.SnapshotUri, UriKind.Absolute, out Uri? uri)
        ? uri
        : throw Invalid(request, $"the address of disk {disk.Index} is no URI");

    /// <summary>An operator of an earlier version names none.</summary>
    private static Uri? SumsOf(CreateReplica request, ReplicaDiskSource disk)
    {
        if (disk.SumsUri.Length == 0)
            return null;
        return Uri.TryCreate(disk.SumsUri, UriKind.Absolute, out Uri? uri) ? uri : throw Invalid(request, $"the address of the checksums of disk {disk.Index} is no URI");
    }

    private static FaultException Invalid(CreateReplica request, string finding) => new(
        FaultCategory.NonRecoverable,
        FaultReasons.InvalidRequest,
        $"replica {request.Name}",
        $"The replica '{request.Name}' cannot be made: {finding}.",
        "Send the machine's definition and disks as they are in the recovery point.");
}

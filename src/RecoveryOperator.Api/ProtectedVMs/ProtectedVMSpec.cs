using System.Text.Json.Serialization;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.ProtectedVMs;

/// <summary>What a user says about the protection of a machine.</summary>
public sealed record ProtectedVMSpec
{
    /// <summary>Site that the machine runs on; immutable.</summary>
    public required LocalRef SiteRef { get; init; }

    /// <summary>The machine; immutable.</summary>
    public required MachineSelector Vm { get; init; }

    /// <summary>Policy.</summary>
    public required LocalRef PolicyRef { get; init; }

    /// <summary>Vault; immutable.</summary>
    public required LocalRef VaultRef { get; init; }

    /// <summary>Disks left out, by their name within the machine (<c>vdb</c>); at most 64.</summary>
    public IReadOnlyList<string> ExcludeDisks { get; init; } = [];

    /// <summary>Where the machine is recovered.</summary>
    public RecoveryTargetSpec? Target { get; init; }

    /// <summary>Replication stops until this is false again; changes go on being tracked.</summary>
    public bool Paused { get; init; }

    /// <summary>Asks for a resynchronization; absent: the policy decides alone.</summary>
    public ResyncRequestSpec? Resync { get; init; }

    /// <summary>Takes over a replica that belongs to another cluster or another machine.</summary>
    public AdoptionSpec? Adopt { get; init; }

    /// <summary>What becomes of the replica when this object is deleted.</summary>
    public DeletionPolicy DeletionPolicy { get; init; } = DeletionPolicy.Retain;
}

/// <summary>Exactly one of name and id.</summary>
public sealed record MachineSelector
{
    /// <summary>Name on its host; must be unique in the site.</summary>
    public string? Name { get; init; }

    /// <summary>The hypervisor's own id.</summary>
    public string? Id { get; init; }
}

/// <summary>Where a machine is recovered.</summary>
public sealed record RecoveryTargetSpec
{
    /// <summary>Site; may be the machine's own.</summary>
    public required LocalRef SiteRef { get; init; }

    /// <summary>Host; absent: the host of the site with the most free space.</summary>
    public LocalRef? HostRef { get; init; }

    /// <summary>Name of the recovered machine; absent: as the source.</summary>
    public string? Name { get; init; }
}

/// <summary>Says whose replica is taken over, so that it happens once and never to another one by accident.</summary>
public sealed record AdoptionSpec
{
    /// <summary>Cluster that the vault names as the owner.</summary>
    public required string FromCluster { get; init; }

    /// <summary>Machine id that the vault names; needed only when the machine's own id is another.</summary>
    public string? FromMachineId { get; init; }
}

/// <summary>What becomes of a replica.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DeletionPolicy>))]
public enum DeletionPolicy
{
    /// <summary>It stays in the vault and can be adopted again.</summary>
    Retain,

    /// <summary>It is deleted with all its recovery points.</summary>
    Delete,
}

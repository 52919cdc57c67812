namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>
/// Where and how the driver works. All folders are on the host, are made when they are absent, and (but for the grants') the user that QEMU runs as must be able
/// to pass through their parents. QEMU keeps the mounts that it saw when its guest started: use file systems that are mounted at boot.
/// </summary>
public sealed record LibvirtOptions
{
    /// <summary>A socket's path has at most 107 characters, and its name 29.</summary>
    internal const int LongestRuntimeDirectory = 76;

    /// <summary>libvirt's connection URI.</summary>
    public string Uri { get; init; } = "qemu:///system";

    /// <summary>Where a snapshot keeps what the guest overwrites meanwhile.</summary>
    public string ScratchDirectory { get; init; } = "/var/lib/recovery-operator/scratch";

    /// <summary>Where the disks of replicas are made.</summary>
    public string StorageDirectory { get; init; } = "/var/lib/recovery-operator/disks";

    /// <summary>
    /// Where the agent keeps what grants it to read the disks of replicas in the vault. It belongs to the agent's user alone, is nobody else's to pass into, and is
    /// shared with no other agent.
    /// </summary>
    public string GrantDirectory { get; init; } = "/var/lib/recovery-operator/grants";

    /// <summary>Where the serial consoles of replicas are logged.</summary>
    public string ConsoleDirectory { get; init; } = "/var/lib/recovery-operator/consoles";

    /// <summary>Where sockets are made; at most 76 characters, because a socket's path is bounded.</summary>
    public string RuntimeDirectory { get; init; } = "/run/recovery-operator";

    /// <summary>Memory, in bytes, that may be kept of what recovered machines read from the vault of late; what they are reading comes on top.</summary>
    public long VaultCacheBytes { get; init; } = 64L << 20;

    /// <summary>
    /// Room, in bytes, that one snapshot may need for what the guest overwrites meanwhile (never more than its disks). Begin is refused when
    /// less is free beside the other snapshots' share; the snapshot asks to be ended below half of it, and is ended below a quarter (P8).
    /// </summary>
    public long ScratchReserveBytes { get; init; } = 4L << 30;

    /// <summary>
    /// The program, and its arguments, that watches open snapshots from outside this process (P8): this very program's <c>guard</c> in the agent. Empty: none,
    /// for tests that show what happens without it.
    /// </summary>
    public IReadOnlyList<string> GuardCommand { get; init; } = [];

    /// <summary>Without a sign of life of this process for so long the guard ends what is open, 2 s or more.</summary>
    public TimeSpan GuardStuckAfter { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Age from which a snapshot asks to be ended.</summary>
    public TimeSpan SnapshotLimit { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Room, in bytes, that must be free for a replica's overlays when it is created.</summary>
    public long ReplicaReserveBytes { get; init; } = 1L << 30;

    /// <summary>The socket through which recovered machines read the vault.</summary>
    internal string VaultSocket => Path.Combine(RuntimeDirectory, "vault.sock");

    /// <summary>User that QEMU runs as: owns the folders above but the grants'. Null: leave ownership as it is.</summary>
    public string? QemuUser { get; init; } = "libvirt-qemu";

    /// <summary>Reads in flight on each disk of a snapshot, 1 to 64.</summary>
    public int ReadsInFlight { get; init; } = 8;
}

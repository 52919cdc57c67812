namespace RecoveryOperator.Hypervisors.Images;

/// <summary>Where the Images driver finds its machines, and how it behaves.</summary>
public sealed record ImagesOptions
{
    /// <summary>Folder with one folder per machine, and optionally <c>networks.json</c>.</summary>
    public required string Root { get; init; }

    /// <summary>Folder for the checksum tables of checkpoints. Losing it costs a resynchronization, nothing else.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Longest wait for a machine's lock before a snapshot is refused as transient. Default 30 s.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Where the file system cannot clone files the machine's writer waits while a snapshot is open: after this time the snapshot asks to
    /// be ended (<see cref="IMachineSnapshot.ShouldEndSoon"/>). Default 5 s.
    /// </summary>
    public TimeSpan LockHoldTarget { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A waiting writer goes on after this time even when the snapshot is still open (P8): the snapshot then stays good only until the next
    /// write. Counts from the moment that the snapshot is handed out. Default 30 s.
    /// </summary>
    public TimeSpan LockHoldLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A file changed less than this before its checksum table was taken may change again without its times showing it: it is scanned
    /// next time even when its times are the same. Covers the coarsest time stamps of common file systems. Default 2 s.
    /// </summary>
    public TimeSpan RacyMargin { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Command that runs a machine; <c>--directory &lt;machine folder&gt;</c> is appended. The program must keep <c>guest.pid</c> as
    /// <see cref="Guest.HeartbeatGuest"/> does. Empty: machines cannot be started on this host.
    /// </summary>
    public IReadOnlyList<string> GuestCommand { get; init; } = [];

    /// <summary>Longest wait for a started machine to report its process. Default 30 s.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause before the first retry of a failed download request; doubled for each further one. Default 200 ms.</summary>
    public TimeSpan DownloadRetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Name by which the host is known. Default: the operating system's.</summary>
    public string HostName { get; init; } = Environment.MachineName;
}

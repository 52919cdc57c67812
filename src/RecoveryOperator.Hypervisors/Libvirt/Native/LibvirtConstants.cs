namespace RecoveryOperator.Hypervisors.Libvirt.Native;

/// <summary>Flags of libvirt's calls, as its headers define them.</summary>
internal static class LibvirtConstants
{
    public const uint XmlInactive = 1 << 1;
    public const uint StartPaused = 1 << 0;
    public const uint DestroyGraceful = 1 << 0;
    public const uint UndefineAll = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 4);
    public const uint CheckpointListTopological = 1 << 1;
    public const uint CheckpointDeleteMetadataOnly = 1 << 1;
    public const uint CheckpointXmlWithoutDomain = 1 << 1;
    public const uint CheckpointXmlWithSizes = 1 << 2;
    public const uint AffectLive = 1 << 0;
    public const uint AffectConfig = 1 << 1;
    public const uint StatsOfBlocks = 1 << 5;
    public const uint StatsWithoutWaiting = 1 << 29;
    public const int TypedString = 7;
    public const int MetadataElement = 2;
    public const int PausedByIoError = 5;
    public const int AgentWaitsForever = -2;
    public const int UuidStringLength = 37;
}

/// <summary>virDomainState.</summary>
internal enum LibvirtDomainState
{
    NoState = 0,
    Running = 1,
    Blocked = 2,
    Paused = 3,
    ShuttingDown = 4,
    Off = 5,
    Crashed = 6,
    Suspended = 7,
}

/// <summary>The members of virErrorNumber that decide something.</summary>
internal enum LibvirtErrorCode
{
    None = 0,
    InternalError = 1,
    NoConnect = 5,
    InvalidConnection = 6,
    DomainExists = 28,
    OperationDenied = 29,
    SystemError = 38,
    Rpc = 39,
    NoDomain = 42,
    NoNetwork = 43,
    AuthenticationFailed = 45,
    OperationInvalid = 55,
    ConfigUnsupported = 67,
    OperationTimeout = 68,
    ArgumentUnsupported = 74,
    NoDomainMetadata = 80,
    BlockCopyActive = 83,
    OperationUnsupported = 84,
    AgentUnresponsive = 86,
    ResourceBusy = 87,
    AccessDenied = 88,
    NoDomainCheckpoint = 103,
    NoDomainBackup = 104,
    AgentUnsynced = 97,
    CheckpointInconsistent = 109,
    AgentCommandTimeout = 111,
}

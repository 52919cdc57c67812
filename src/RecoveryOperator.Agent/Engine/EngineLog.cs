using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine;

/// <summary>The engine's events: one for each change of state.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm}: {Stage} (epoch {Epoch}, sequence {Sequence})")]
    public static partial void StageEntered(this ILogger logger, string protectedVm, long epoch, long sequence, CycleStage stage);

    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm}: initial copy begins (epoch {Epoch}, checkpoint {Checkpoint})")]
    public static partial void InitialCopyBegins(this ILogger logger, string protectedVm, long epoch, string checkpoint);

    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm}: initial copy goes on in a new snapshot (epoch {Epoch}, checkpoint {Checkpoint})")]
    public static partial void InitialCopyContinues(this ILogger logger, string protectedVm, long epoch, string checkpoint);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ProtectedVm}: the initial copy begins again (epoch {Epoch}): {Why}")]
    public static partial void InitialCopyRestarts(this ILogger logger, string protectedVm, long epoch, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm}: disk {Disk} is copied (epoch {Epoch})")]
    public static partial void DiskCopied(this ILogger logger, string protectedVm, long epoch, string disk);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{ProtectedVm}: committed (epoch {Epoch}, sequence {Sequence}, instant {Instant:o}, {ChangedBytes} bytes changed, {ShippedBytes} bytes in segments)")]
    public static partial void Committed(
        this ILogger logger, string protectedVm, long epoch, long sequence, DateTimeOffset instant, long changedBytes, long shippedBytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ProtectedVm}: the cut is dropped, its changes come with the next one (epoch {Epoch}, sequence {Sequence})")]
    public static partial void CutDropped(this ILogger logger, string protectedVm, long epoch, long sequence, Exception fault);

    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm}: an unfinished cut is merged back (epoch {Epoch}, sequence {Sequence})")]
    public static partial void IntentResolved(this ILogger logger, string protectedVm, long epoch, long sequence);

    [LoggerMessage(Level = LogLevel.Error, Message = "{ProtectedVm}: what a former process left could not be ended, it is tried again (epoch {Epoch})")]
    public static partial void NotPrepared(this ILogger logger, string protectedVm, long epoch, Exception fault);

    [LoggerMessage(Level = LogLevel.Error, Message = "{ProtectedVm}: an unfinished cut could not be merged back, it is tried again before the next cut (epoch {Epoch})")]
    public static partial void IntentNotResolved(this ILogger logger, string protectedVm, long epoch, Exception fault);

    [LoggerMessage(Level = LogLevel.Error, Message = "{ProtectedVm}: ended as {Phase} (epoch {Epoch}, reason {Reason}): {Detail}")]
    public static partial void Ended(this ILogger logger, string protectedVm, long epoch, EnginePhase phase, string reason, string detail);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ProtectedVm}: left-overs of a former process ended: {Jobs} jobs, {Files} scratch files, guest resumed: {Resumed}; the guard had to act because: {Guarded}")]
    public static partial void LeftoversEnded(this ILogger logger, string protectedVm, int jobs, int files, bool resumed, string guarded);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ProtectedVm}: {Files} unfinished files removed from the spool")]
    public static partial void SpoolCleaned(this ILogger logger, string protectedVm, int files);

    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm}: state rebuilt from the vault and the hypervisor's checkpoint (epoch {Epoch}, sequence {Sequence})")]
    public static partial void StateRebuilt(this ILogger logger, string protectedVm, long epoch, long sequence);

    [LoggerMessage(Level = LogLevel.Error, Message = "{ProtectedVm}: cycle failed (epoch {Epoch}, {Category}, reason {Reason}); next try {RetryAt}")]
    public static partial void CycleFailed(
        this ILogger logger, string protectedVm, long epoch, FaultCategory category, string reason, DateTimeOffset? retryAt, Exception fault);

    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm}: protection put (epoch {Epoch}, machine {Machine}, every {Frequency}, paused {Paused})")]
    public static partial void ProtectionPut(this ILogger logger, string protectedVm, long epoch, string machine, TimeSpan frequency, bool paused);

    [LoggerMessage(Level = LogLevel.Error, Message = "{ProtectedVm}: replication could not begin again; it is tried again in {Delay}")]
    public static partial void NotBegun(this ILogger logger, string protectedVm, TimeSpan delay, Exception fault);

    [LoggerMessage(Level = LogLevel.Information, Message = "Host settings put: {BytesPerSecond} bytes a second (0: no limit), {Slots} slots of the day")]
    public static partial void HostSettingsPut(this ILogger logger, long bytesPerSecond, int slots);

    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm}: protection removed (epoch {Epoch})")]
    public static partial void ProtectionRemoved(this ILogger logger, string protectedVm, long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ProtectedVm}: resynchronization begins (epoch {Epoch}, reason {Reason}, checkpoint {Checkpoint}, asked for: {Requested})")]
    public static partial void ResyncBegins(this ILogger logger, string protectedVm, long epoch, string reason, string checkpoint, bool requested);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ProtectedVm}: the resynchronization begins again (epoch {Epoch}): {Why}")]
    public static partial void ResyncRestarts(this ILogger logger, string protectedVm, long epoch, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm}: asked what the replica holds (epoch {Epoch}, sequence {Sequence}, request {Request})")]
    public static partial void ResyncAsked(this ILogger logger, string protectedVm, long epoch, long sequence, int request);

    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm}: the resynchronization will ship about {Bytes} bytes of {TotalBytes} (epoch {Epoch})")]
    public static partial void ResyncEstimated(this ILogger logger, string protectedVm, long epoch, long bytes, long totalBytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ProtectedVm}: the resynchronization was canceled (epoch {Epoch}, reason {Reason})")]
    public static partial void ResyncCanceled(this ILogger logger, string protectedVm, long epoch, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ProtectedVm}: the state of the replica could not be read, it is tried again with the next cycle (epoch {Epoch})")]
    public static partial void ReplicaStateNotRead(this ILogger logger, string protectedVm, long epoch, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ProtectedVm}: {Cuts} cuts wait for the vault, {Utilization:P0} of what may: no more are made, changes go on being tracked (epoch {Epoch})")]
    public static partial void CuttingStopped(this ILogger logger, string protectedVm, long epoch, int cuts, double utilization);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ProtectedVm}: the vault cannot be reached, sets are cut all the same (epoch {Epoch})")]
    public static partial void CutWithoutVault(this ILogger logger, string protectedVm, long epoch, Exception fault);

    [LoggerMessage(Level = LogLevel.Error, Message = "{ProtectedVm}: cuts could not be shipped (epoch {Epoch}, {Category}, reason {Reason}); {Waiting} wait, next try {RetryAt}")]
    public static partial void ShippingFailed(
        this ILogger logger, string protectedVm, long epoch, FaultCategory category, string reason, int waiting, DateTimeOffset? retryAt, Exception fault);

    [LoggerMessage(Level = LogLevel.Error, Message = "{ProtectedVm}: something failed that no step answers for; it goes on in {Delay}")]
    public static partial void LoopBroke(this ILogger logger, string protectedVm, TimeSpan delay, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ProtectedVm}: what was under way failed while the protection was stopped; the next start finishes it")]
    public static partial void StoppedByFailure(this ILogger logger, string protectedVm, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ProtectedVm}: an upload that was under way when the copy was cut off ended with an error")]
    public static partial void UploadAbandoned(this ILogger logger, string protectedVm, Exception fault);
}

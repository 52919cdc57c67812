using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>
/// Says once that a machine's reads of a disk fail, and once that the vault gives it again. What is read from memory meanwhile says nothing about the vault.
/// </summary>
/// <param name="name">The disk.</param>
/// <param name="logger">Where it reports.</param>
internal sealed partial class ReadingReport(string name, ILogger logger)
{
    private int _failing;

    /// <summary>A machine's read failed.</summary>
    public void Failed(HypervisorException error)
    {
        if (Interlocked.Exchange(ref _failing, 1) == 0) LogFailing(error, name);
    }

    /// <summary>The vault gave a part of the disk.</summary>
    public void Succeeded()
    {
        if (Interlocked.Exchange(ref _failing, 0) == 1) LogRecovered(name);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Disk {Disk} cannot be read from the vault: its machine stops until it can, and is let go on then")]
    private partial void LogFailing(Exception error, string disk);

    [LoggerMessage(Level = LogLevel.Information, Message = "Disk {Disk} can be read from the vault again")]
    private partial void LogRecovered(string disk);
}

namespace RecoveryOperator.Hypervisors.Images.Guest;

/// <summary>What the writer process of a machine is told.</summary>
/// <param name="DirectoryPath">The machine's folder.</param>
/// <param name="Interval">Pause between two beats. Default on the command line: 100 ms.</param>
public sealed record HeartbeatGuestOptions(string DirectoryPath, TimeSpan Interval);

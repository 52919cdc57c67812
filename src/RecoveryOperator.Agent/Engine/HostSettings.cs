using RecoveryOperator.Agent.Engine.Bandwidth;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.State;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Agent.Engine;

/// <summary>What holds for the whole host: stored, so that it holds after a restart without the operator.</summary>
public sealed class HostSettings(IHostSettingsStore store, UploadGate uploads, ILogger<HostSettings> logger) : IHostedService
{
    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            Apply(store.Load() ?? new PutHostSettingsRequest());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Stores them, and lets them hold at once.</summary>
    /// <exception cref="FaultException">They cannot be used (reason InvalidRequest).</exception>
    public void Put(PutHostSettingsRequest settings)
    {
        Check(settings);
        lock (_lock)
        {
            if (settings.Equals(store.Load()))
                return;
            store.Save(settings);
            Apply(settings);
        }

        logger.HostSettingsPut(settings.Bandwidth?.DefaultBytesPerSecond ?? 0, settings.Bandwidth?.Slots.Count ?? 0);
    }

    private void Apply(PutHostSettingsRequest settings) => uploads.ChangeHost(BandwidthMapping.ToSchedule(settings.Bandwidth, settings.TimeZone));

    private static void Check(PutHostSettingsRequest settings)
    {
        List<string> failures = [.. BandwidthMapping.Failures(settings.Bandwidth)];
        if (!TimeZones.TryFind(settings.TimeZone, out _))
            failures.Add($"time_zone '{settings.TimeZone}' is not known on this host.");
        if (failures.Count > 0)
        {
            throw new FaultException(
                FaultCategory.NonRecoverable,
                FaultReasons.InvalidRequest,
                "host settings",
                $"The host's settings cannot be used: {string.Join(" ", failures)}",
                "Correct the fields named.");
        }
    }
}

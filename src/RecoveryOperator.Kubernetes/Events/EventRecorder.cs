using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using RecoveryOperator.Kubernetes.Status;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Kubernetes.Metrics;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Events;

/// <summary>
/// Writes core/v1 events in the background, one after the other: repeats count up the event that is there, each object has an allowance for each
/// reason, and a failure is logged and never seen by the caller.
/// </summary>
public sealed partial class EventRecorder : BackgroundService, IEventRecorder
{
    private const string FallbackNamespace = "default";
    private readonly ResourceClient _client;
    private readonly EventRecorderOptions _options;
    private readonly TimeProvider _time;
    private readonly KubernetesInstruments _instruments;
    private readonly ILogger<EventRecorder> _logger;
    private readonly EventCorrelator _correlator;
    private readonly Channel<EventOccurrence> _waiting;

    /// <summary>Creates a recorder; events are written while it runs as a hosted service.</summary>
    /// <param name="client">Writes to the API server.</param>
    /// <param name="options">How events are written.</param>
    /// <param name="timeProvider">Dates events.</param>
    /// <param name="instruments">Counts events.</param>
    /// <param name="logger">Gets what could not be written.</param>
    public EventRecorder(
        ResourceClient client,
        EventRecorderOptions options,
        TimeProvider timeProvider,
        KubernetesInstruments instruments,
        ILogger<EventRecorder> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_client, _options, _time, _instruments, _logger) = (client, options, timeProvider, instruments, logger);
        _correlator = new(options);
        _waiting = Channel.CreateBounded<EventOccurrence>(new BoundedChannelOptions(options.QueueCapacity) { SingleReader = true });
    }

    /// <inheritdoc/>
    public void Publish(IKubernetesObject<V1ObjectMeta> entity, EventType type, string reason, string message)
    {
        ArgumentNullException.ThrowIfNull(entity);
        ArgumentNullException.ThrowIfNull(message);
        if (_waiting.Writer.TryWrite(EventOccurrence.Of(entity, type, reason, message, _time.GetUtcNow())))
            return;
        LogDropped(entity.Kind, NamespacedName.Of(entity), reason, "too many events wait to be written");
        _instruments.EventPublished("dropped");
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var occurrence in _waiting.Reader.ReadAllAsync(stoppingToken))
                await WriteAsync(occurrence, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopped(_waiting.Reader.Count);
        }
    }

    private async Task WriteAsync(EventOccurrence occurrence, CancellationToken cancellationToken)
    {
        var identity = occurrence.Identity;
        if (!_correlator.Allow(occurrence))
        {
            LogDropped(identity.Kind, identity.Object, identity.Reason, "the object had too many events of this reason lately");
            _instruments.EventPublished("limited");
            return;
        }

        try
        {
            if (_correlator.Find(occurrence) is not { } told || !await CountUpAsync(occurrence, told, cancellationToken))
                await CreateAsync(occurrence, cancellationToken);
        }
        catch (ResourceRequestException e)
        {
            LogDropped(identity.Kind, identity.Object, identity.Reason, e.Message);
            _instruments.EventPublished("failed");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFault(identity.Kind, identity.Object, identity.Reason, e);
            _instruments.EventPublished("failed");
        }
    }

    /// <returns>False if the event is gone from the server (they expire) and has to be told anew.</returns>
    private async Task<bool> CountUpAsync(EventOccurrence occurrence, EventCorrelator.Told told, CancellationToken cancellationToken)
    {
        var count = told.Count + 1;
        var patch = JsonSerializer.Serialize(new { count, lastTimestamp = Rfc3339(occurrence.At) });
        try
        {
            await _client.MergePatchAsync<Corev1Event>(new(NamespaceOf(occurrence), told.Name), patch, null, cancellationToken);
        }
        catch (ResourceRequestException e) when (e.IsNotFound)
        {
            _correlator.Forget(occurrence);
            return false;
        }

        _correlator.Remember(occurrence, told.Name, count);
        _instruments.EventPublished("counted");
        return true;
    }

    private async Task CreateAsync(EventOccurrence occurrence, CancellationToken cancellationToken)
    {
        var (identity, at) = (occurrence.Identity, occurrence.At.WholeSeconds().UtcDateTime);
        var prefix = identity.Object.Name.Length > 200 ? identity.Object.Name[..200] : identity.Object.Name;
        var created = await _client.CreateAsync(
            new Corev1Event
            {
                Metadata = new V1ObjectMeta { Name = $"{prefix}.{Guid.NewGuid():N}", NamespaceProperty = NamespaceOf(occurrence) },
                InvolvedObject = occurrence.InvolvedObject,
                Type = identity.Type.ToString(),
                Reason = identity.Reason,
                Message = identity.Message,
                Count = 1,
                FirstTimestamp = at,
                LastTimestamp = at,
                Source = new V1EventSource { Component = _options.Component },
                ReportingComponent = _options.Component,
                ReportingInstance = _options.Instance,
            },
            cancellationToken);
        _correlator.Remember(occurrence, created.Metadata.Name, 1);
        _instruments.EventPublished("created");
    }

    private static string NamespaceOf(EventOccurrence occurrence) =>
        occurrence.Identity.Object.Namespace is { Length: > 0 } own ? own : FallbackNamespace;

    private static string Rfc3339(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

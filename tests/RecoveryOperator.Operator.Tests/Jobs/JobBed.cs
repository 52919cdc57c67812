using System.Collections.Concurrent;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Metrics;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.Jobs;
using RecoveryOperator.Operator.Jobs.Plans;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

namespace RecoveryOperator.Operator.Tests.Jobs;

/// <summary>Jobs of a plan's bed on a real API server. A new operator process has nothing but a new copy; each write to a job may be the one at which it dies.</summary>
internal sealed class JobBed : IJobStore, IObjectReader<RecoveryJob>, IEventRecorder
{
    private readonly ResourceClient _client;
    private readonly PlanBed _bed;
    private List<RecoveryJob> _copy = [];
    private JobStore _store;

    private JobBed(ResourceClient client, PlanBed bed)
    {
        (_client, _bed) = (client, bed);
        _store = NewProcess();
        bed.Restarting = () => _store = NewProcess();
        bed.Showing = async situation => await Jobs.ShowAsync(situation, CancellationToken.None);
    }

    /// <summary>Writes of job statuses that reached the API server.</summary>
    public int Writes { get; private set; }

    /// <summary>Jobs that the operator tried to make.</summary>
    public int Creations { get; private set; }

    /// <summary>Whether the copy is brought up to date before each look.</summary>
    public bool CopyLags { get; set; }

    /// <summary>Reasons of events, in order.</summary>
    public ConcurrentQueue<string> Events { get; } = new();

    public PlanJobs Jobs { get; private set; } = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="cluster">The API server.</param>
    /// <param name="bed">The plan; its namespace is created unless the test does so later.</param>
    /// <param name="reachable">False: no job can be written before <see cref="ReachAsync"/>.</param>
    public static async Task<JobBed> AttachAsync(Cluster cluster, PlanBed bed, bool reachable = true)
    {
        var jobs = new JobBed(cluster.Client, bed);
        bed.Restart();
        if (reachable)
            await jobs.ReachAsync();
        return jobs;
    }

    public Task ReachAsync() => _client.CreateAsync(new V1Namespace { Metadata = new() { Name = _bed.Plan.Metadata.NamespaceProperty } }, Token);

    /// <summary>The jobs as the API server has them.</summary>
    public async Task<IReadOnlyList<RecoveryJob>> ListAsync() =>
        (await _client.ListAsync<RecoveryJob>(new(_bed.Plan.Metadata.NamespaceProperty), 0, null, Token)).Items;

    public async Task PatchAsync(string name, string patch)
    {
        await _client.MergePatchAsync<RecoveryJob>(new(_bed.Plan.Metadata.NamespaceProperty, name), patch, null, Token);
        await RefreshAsync();
    }

    public async Task DeleteAsync(string name)
    {
        await _client.DeleteAsync<RecoveryJob>(new(_bed.Plan.Metadata.NamespaceProperty, name), Token);
        await RefreshAsync();
    }

    public bool IsListed { get; set; } = true;

    /// <summary>The API server does not answer when a job is read.</summary>
    public bool ReadsFail { get; set; }

    public RecoveryJob? Find(NamespacedName key) => _store.Find(key);

    public IReadOnlyList<RecoveryJob> Of(JobSubjectKind kind, NamespacedName subject) => _store.Of(kind, subject);

    public async Task<RecoveryJob> CreateAsync(RecoveryJob job, CancellationToken cancellationToken)
    {
        Creations++;
        var created = await _bed.Faults.AroundAsync(() => _store.CreateAsync(job, cancellationToken));
        await RefreshUnlessLaggingAsync();
        return created;
    }

    public Task<RecoveryJob?> ReadAsync(NamespacedName key, CancellationToken cancellationToken) => ReadsFail ? throw new OperationCanceledException() : _store.ReadAsync(key, cancellationToken);

    /// <summary>An operator process that has what this one knows now, and goes on beside it. Its copy is never brought up to date.</summary>
    public JobMirror OldLeader()
    {
        var options = new JobOptions();
        var store = new JobStore(this, _client, new StatusWriter(_client, "recovery-operator", new KubernetesInstruments(), _bed.Time));
        return new(store, new JobWrites(options, _bed.Time), this, options, _bed.Time, NullLogger<JobMirror>.Instance);
    }

    public async Task WriteAsync(RecoveryJob job, RecoveryJobStatus status, CancellationToken cancellationToken)
    {
        await _bed.Faults.AroundAsync(async () =>
        {
            await _store.WriteAsync(job, status, cancellationToken);
            return Writes++;
        });
        await RefreshUnlessLaggingAsync();
    }

    public RecoveryJob? Get(NamespacedName key) => _copy.FirstOrDefault(j => NamespacedName.Of(j) == key);

    public IReadOnlyList<RecoveryJob> List(string? @namespace = null) => _copy;

    public IReadOnlyList<RecoveryJob> ByIndex(string index, string value) => [.. _copy.Where(j => JobStore.SubjectOf(j).Contains(value))];

    public void Publish(IKubernetesObject<V1ObjectMeta> entity, EventType type, string reason, string message) => Events.Enqueue(reason);

    /// <summary>The memory of a process, empty; the copy is a new list.</summary>
    private JobStore NewProcess()
    {
        var options = new JobOptions();
        var store = new JobStore(this, _client, new StatusWriter(_client, "recovery-operator", new KubernetesInstruments(), _bed.Time));
        Jobs = new PlanJobs(new JobMirror(this, new JobWrites(options, _bed.Time), this, options, _bed.Time, NullLogger<JobMirror>.Instance));
        _bed.Jobs = Jobs;
        RefreshAsync().GetAwaiter().GetResult();
        return store;
    }

    private Task RefreshUnlessLaggingAsync() => CopyLags ? Task.CompletedTask : RefreshAsync();

    private async Task RefreshAsync() => _copy = [.. await ListAsync()];
}

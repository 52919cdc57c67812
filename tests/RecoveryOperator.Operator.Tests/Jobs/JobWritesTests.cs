using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Jobs;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

namespace RecoveryOperator.Operator.Tests.Jobs;

/// <summary>How often a job is written, counted.</summary>
public sealed class JobWritesTests : IJobStore, IEventRecorder
{
    private readonly FakeTimeProvider _time = new(Examples.Now);
    private readonly JobMirror _mirror;
    private readonly RecoveryJob _job = new()
    {
        Metadata = new() { Name = "job", NamespaceProperty = "ns", Uid = "uid", ResourceVersion = "1", Generation = 1 },
        Spec = new() { Type = RecoveryJobType.InitialReplication, SubjectRef = new() { Kind = JobSubjectKind.ProtectedVM, Name = "vm" }, OperationId = "initial-1" },
    };

    private RecoveryJobStatus _last = new();
    private int _writes;

    public JobWritesTests()
    {
        var options = new JobOptions();
        _mirror = new(this, new JobWrites(options, _time), this, options, _time, NullLogger<JobMirror>.Instance);
    }

    [Fact]
    public async Task Bytes_are_written_with_a_whole_percent_or_after_five_minutes_and_no_faster_than_the_interval()
    {
        for (var second = 0; second < 1000; second++)
        {
            await ShowAsync(Copy(second, 1_000_000));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(_writes, 4, 5);
        _writes = 0;
        for (var second = 0; second < 100; second++)
        {
            await ShowAsync(Copy(1000 + (second * 1_000_000L / 101), 1_000_000));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(_writes, 5, 8);
    }

    [Fact]
    public async Task A_copy_that_stands_still_writes_nothing()
    {
        for (var second = 0; second < 200; second++)
        {
            await ShowAsync(Copy(500, 1000));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(1, _writes);
    }

    [Fact]
    public async Task A_step_is_written_at_once()
    {
        await ShowAsync(Copy(500, 1000));
        await ShowAsync(Copy(501, 1000));
        await ShowAsync(Copy(1000, 1000) with { Steps = [new("Copy", JobStepState.Succeeded), new("Commit", JobStepState.Running)] });

        Assert.Equal((2, "Commit"), (_writes, _last.CurrentStep));
    }

    [Fact]
    public async Task What_is_tried_again_and_fails_again_stays_stalled_and_is_called_well_once_it_stays_so()
    {
        var stalled = Copy(1, 1000) with { Stalled = new("NoRoom", "There is no room.") };
        await ShowAsync(stalled);
        for (var attempt = 0; attempt < 20; attempt++)
        {
            await ShowAsync(Copy(1, 1000));
            _time.Advance(TimeSpan.FromSeconds(2));
            await ShowAsync(stalled);
            _time.Advance(TimeSpan.FromSeconds(28));
        }

        Assert.Equal((1, "True"), (_writes, Stalled()));
        await ShowAsync(Copy(1, 1000));
        _time.Advance(TimeSpan.FromSeconds(16));
        await ShowAsync(Copy(1, 1000));
        Assert.Equal((2, "False"), (_writes, Stalled()));
    }

    [Fact]
    public async Task An_ended_job_is_never_written_again()
    {
        await ShowAsync(Copy(1000, 1000) with { State = RecoveryJobState.Succeeded });
        await ShowAsync(Copy(1, 1000));

        Assert.Equal((1, RecoveryJobState.Succeeded), (_writes, _last.State));
    }

    [Fact]
    public async Task Nothing_goes_back_to_pending_and_no_time_is_invented()
    {
        await ShowAsync(new(RecoveryJobState.Running, [new("a", JobStepState.Succeeded), new("b", JobStepState.Running), new("c", JobStepState.Pending)], "m", Cancelable));
        await ShowAsync(new(RecoveryJobState.Pending, [new("a", null), new("b", JobStepState.Pending), new("c", JobStepState.Succeeded)], "m", Cancelable));

        Assert.Equal(RecoveryJobState.Running, _last.State);
        Assert.Equal([JobStepState.Succeeded, JobStepState.Running, JobStepState.Succeeded], _last.Steps.Select(s => s.State));
        Assert.Equal((null, Examples.Now, Examples.Now), (_last.Steps[0].StartedAt, _last.Steps[1].StartedAt, _last.Steps[2].FinishedAt));
    }

    [Fact]
    public async Task A_job_that_is_made_by_hand_brings_no_wish_to_anybody()
    {
        Assert.Empty(_mirror.Open(JobSubjectKind.ProtectedVM, new("ns", "vm")));
        var plan = new RecoveryPlan { Metadata = new() { Name = "shop", NamespaceProperty = "ns", Uid = "1" }, Spec = new() { Groups = [] } };
        Assert.Null(await _mirror.EnsureAsync(new(plan, JobSubjectKind.RecoveryPlan, RecoveryJobType.Commit, "x"), TestContext.Current.CancellationToken));

        _job.Metadata.OwnerReferences = [new() { Kind = "ProtectedVM", Name = "vm", Controller = true }];
        Assert.Single(_mirror.Open(JobSubjectKind.ProtectedVM, new("ns", "vm")));
    }

    [Fact]
    public void Names_are_valid_and_differ_by_subject_type_and_id_also_where_only_case_differs()
    {
        var longest = new string('x', 253);
        (JobSubjectKind, string, RecoveryJobType, string)[] operations =
        [
            (JobSubjectKind.RecoveryPlan, "shop", RecoveryJobType.Commit, "A_1"), (JobSubjectKind.RecoveryPlan, "shop", RecoveryJobType.Commit, "a_1"), (JobSubjectKind.RecoveryPlan, "shop", RecoveryJobType.Commit, "a-1"),
            (JobSubjectKind.RecoveryPlan, "shop", RecoveryJobType.UnplannedFailover, "a-1"), (JobSubjectKind.ProtectedVM, "shop", RecoveryJobType.Commit, "a-1"),
            (JobSubjectKind.RecoveryPlan, longest, RecoveryJobType.Commit, longest[..63]), (JobSubjectKind.RecoveryPlan, longest + ".y", RecoveryJobType.Commit, longest[..63]),
            (JobSubjectKind.RecoveryPlan, new string('x', 99) + ".y", RecoveryJobType.Commit, "a..b"),
        ];
        var names = operations.Select(o => JobNames.Of(o.Item1, o.Item2, o.Item3, o.Item4)).ToList();

        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.All(names, name => Assert.Matches("^[a-z0-9]([-a-z0-9]{0,251}[a-z0-9])?$", name));
    }

    [Fact]
    public void Ended_jobs_go_by_their_time_and_only_the_newest_of_a_subject_stay()
    {
        var now = Examples.Now;
        var old = Ended("old", now.AddDays(-3), 86400);
        var future = Ended("future", now.AddDays(2), 3600);
        var kept = Ended("kept", now.AddYears(-1), null);
        var open = new RecoveryJob { Metadata = new() { Name = "open" }, Spec = _job.Spec };

        Assert.Equal(["old"], JobRetention.Decide(old, [old, open], 20, now).Gone.Select(j => j.Metadata.Name));
        Assert.Equal((0, TimeSpan.FromHours(1)), Counted(JobRetention.Decide(future, [future], 20, now)));
        Assert.Equal((0, null), Counted(JobRetention.Decide(kept, [kept], 20, now)));
        var soon = Ended("soon", now.AddSeconds(-50), 60);
        Assert.Equal((0, TimeSpan.FromSeconds(10)), Counted(JobRetention.Decide(soon, [soon], 20, now)));

        RecoveryJob[] many = [open, .. Enumerable.Range(0, 25).Select(i => Ended($"job-{i:00}", now.AddHours(i - 30), null))];
        Assert.Equal(["job-00", "job-01", "job-02", "job-03", "job-04"], JobRetention.Decide(many[^1], many, 20, now).Gone.Select(j => j.Metadata.Name));
    }

    bool IJobStore.IsListed => true;

    RecoveryJob? IJobStore.Find(NamespacedName key) => _job;

    IReadOnlyList<RecoveryJob> IJobStore.Of(JobSubjectKind kind, NamespacedName subject) => [_job];

    Task<RecoveryJob> IJobStore.CreateAsync(RecoveryJob job, CancellationToken cancellationToken) => Task.FromResult(job);

    Task<RecoveryJob?> IJobStore.ReadAsync(NamespacedName key, CancellationToken cancellationToken) => Task.FromResult<RecoveryJob?>(_job);

    Task IJobStore.WriteAsync(RecoveryJob job, RecoveryJobStatus status, CancellationToken cancellationToken)
    {
        if (!_last.Steps.SequenceEqual(status.Steps) || _last with { Steps = status.Steps, Conditions = status.Conditions } != status || Stalled() != status.Conditions.Single(c => c.Type == "Stalled").Status)
            _writes++;
        _last = status;
        return Task.CompletedTask;
    }

    void IEventRecorder.Publish(k8s.IKubernetesObject<k8s.Models.V1ObjectMeta> entity, EventType type, string reason, string message)
    {
        // Events are the other tests' business.
    }

    private static Cancelability Cancelable { get; } = new(true, "Possible", "It can be.");

    private static (int, TimeSpan?) Counted(JobCleaning cleaning) => (cleaning.Gone.Count, cleaning.LookAgainAfter);

    private RecoveryJob Ended(string name, DateTimeOffset at, int? seconds) => new()
    {
        Metadata = new() { Name = name },
        Spec = _job.Spec with { TtlSecondsAfterFinished = seconds },
        Status = new() { State = RecoveryJobState.Succeeded, FinishedAt = at },
    };

    private static JobPicture Copy(long done, long total) => new(
        RecoveryJobState.Running,
        [new StepPicture("Copy", JobStepState.Running) { BytesDone = done, BytesTotal = total }, new("Commit", JobStepState.Pending)],
        "The disks are copied.",
        Cancelable)
    {
        Percent = (int)(done * 100 / total),
    };

    private string? Stalled() => _last.Conditions.FirstOrDefault(c => c.Type == "Stalled")?.Status;

    private Task<bool> ShowAsync(JobPicture picture) => _mirror.ShowAsync(_job, picture, TestContext.Current.CancellationToken);
}

using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.Fixtures;

/// <summary>A host agent that speaks the real protocol over real mutual TLS, and does what its test says.</summary>
internal sealed class FakeHostAgent : HostAgent.HostAgentBase, IAsyncDisposable
{
    private readonly TestCertificates _certificates;
    private readonly ConcurrentDictionary<string, ProtectionStatus> _statuses = new();
    private WebApplication? _app;
    private int _port;
    private volatile TaskCompletionSource _changed = New();

    public FakeHostAgent(TestCertificates certificates) => _certificates = certificates;

    public HostDescription Description { get; } = new()
    {
        HostName = "fake",
        AgentVersion = "1.2.3",
        Driver = "Images",
        HypervisorVersion = "none",
        FreeStorageBytes = 5L << 30,
        TracksChanges = true,
        RunsReplicas = true,
        EncryptsPayloads = true,
    };

    public ConcurrentQueue<DesiredProtection> Puts { get; } = new();

    public ConcurrentQueue<FenceProtectionRequest> Fenced { get; } = new();

    /// <summary>Runs before a protection is taken.</summary>
    public Func<Task> BeforePut { get; set; } = () => Task.CompletedTask;

    public PutHostSettingsRequest? Settings { get; private set; }

    public ConcurrentQueue<string> Removed { get; } = new();

    public Fault? PrerequisiteFailure { get; set; }

    public string Address => $"https://localhost:{_port}";

    public void AddMachine(string id, string name) => Description.Machines.Add(new MachineInfo
    {
        Id = id,
        Name = name,
        State = MachineState.Running,
        Disks = { new DiskInfo { Index = 0, Target = "vda", SizeBytes = 1 << 20, Format = "raw" } },
    });

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(_port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(_certificates.Server(), https =>
            {
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (certificate, _, _) => certificate.Issuer == _certificates.Authority.Subject;
            });
        }));
        _app = builder.Build();
        _app.MapGrpcService<FakeHostAgent>();
        await _app.StartAsync(cancellationToken);
    }

    /// <summary>Chooses a free port first: Kestrel cannot be asked for one on localhost.</summary>
    public static async Task<FakeHostAgent> StartedAsync(TestCertificates certificates, CancellationToken cancellationToken)
    {
        using var probe = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        probe.Start();
        var agent = new FakeHostAgent(certificates) { _port = ((System.Net.IPEndPoint)probe.LocalEndpoint).Port };
        probe.Stop();
        await agent.StartAsync(cancellationToken);
        return agent;
    }

    public async Task StopAsync()
    {
        if (_app is null)
            return;
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _app = null;
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    /// <summary>Changes the status of a protection and tells who watches.</summary>
    public void Report(string protectionId, Action<ProtectionStatus> change)
    {
        var next = _statuses[protectionId].Clone();
        change(next);
        _statuses[protectionId] = next;
        Interlocked.Exchange(ref _changed, New()).SetResult();
    }

    public override Task<HostDescription> Describe(DescribeHostRequest request, ServerCallContext context) => Task.FromResult(Description.Clone());

    public override Task<ListProtectionsResponse> ListProtections(ListProtectionsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListProtectionsResponse { Protections = { _statuses.Values } });

    public override async Task<ProtectionStatus> PutProtection(PutProtectionRequest request, ServerCallContext context)
    {
        await BeforePut();
        Puts.Enqueue(request.Protection);
        var status = _statuses.AddOrUpdate(
            request.Protection.ProtectionId,
            id => new ProtectionStatus { ProtectionId = id, Epoch = request.Protection.Epoch, MachineId = request.Protection.Machine, Phase = ProtectionPhase.InitialReplication },
            (_, standing) => standing);
        return status;
    }

    public override Task<FenceProtectionResponse> FenceProtection(FenceProtectionRequest request, ServerCallContext context)
    {
        Fenced.Enqueue(request);
        Report(request.ProtectionId, status => (status.Phase, status.Fault) = (ProtectionPhase.Fenced, new Fault { Category = FaultCategory.Fenced, Reason = "Sealed" }));
        return Task.FromResult(new FenceProtectionResponse());
    }

    public override Task<PutHostSettingsResponse> PutHostSettings(PutHostSettingsRequest request, ServerCallContext context)
    {
        Settings = request;
        return Task.FromResult(new PutHostSettingsResponse());
    }

    public override Task<RemoveProtectionResponse> RemoveProtection(RemoveProtectionRequest request, ServerCallContext context)
    {
        Removed.Enqueue(request.ProtectionId);
        _statuses.TryRemove(request.ProtectionId, out _);
        return Task.FromResult(new RemoveProtectionResponse());
    }

    public override async Task WatchProtections(WatchProtectionsRequest request, IServerStreamWriter<ProtectionStatus> responseStream, ServerCallContext context)
    {
        while (!context.CancellationToken.IsCancellationRequested)
        {
            var next = _changed.Task;
            foreach (var status in _statuses.Values)
                await responseStream.WriteAsync(status, context.CancellationToken);
            await next.WaitAsync(context.CancellationToken);
        }
    }

    public override Task<Operation> StartOperation(StartHostOperationRequest request, ServerCallContext context)
    {
        var report = new PrerequisiteReport();
        if (PrerequisiteFailure is { } failure)
            report.Failures.Add(failure);
        return Task.FromResult(new Operation { Id = request.Id, State = OperationState.Succeeded, Result = new OperationResult { Prerequisites = report } });
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

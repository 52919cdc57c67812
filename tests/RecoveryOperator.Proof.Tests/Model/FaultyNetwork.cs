using System.Net;

namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>What happens to a request, or to the process that sends it.</summary>
internal enum NetworkFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The process dies before the request leaves.</summary>
    KillBefore,

    /// <summary>The request has its effect, and the process dies before the answer comes.</summary>
    KillAfter,

    /// <summary>No answer, no effect.</summary>
    Timeout,

    /// <summary>The connection breaks before the request arrives.</summary>
    Reset,

    /// <summary>The request has its effect, its answer is lost.</summary>
    LostAnswer,

    /// <summary>503, no effect.</summary>
    Busy,

    /// <summary>500 after the effect.</summary>
    FailedAfterEffect,

    /// <summary>The answer's body ends too early.</summary>
    Truncated,

    /// <summary>Nothing gets through for so long that the retries of a request are used up.</summary>
    Outage,

    /// <summary>The connection breaks before an answer comes, and the request arrives much later all the same.</summary>
    Late,

    /// <summary>The process stops (SIGSTOP): this request and all behind it wait until it is woken.</summary>
    Stall,
}

/// <summary>The way of one process to the storage; a fault hits its n-th request from when it was planned.</summary>
internal sealed class FaultyNetwork(HttpMessageHandler service, Effects? effects, LateRequests late) : DelegatingHandler(service)
{
    private const int OutageRequests = 40;

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _awake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = int.MaxValue;
    private int _outage;
    private Predicate<HttpRequestMessage>? _at;
    private NetworkFault _fault;
    private bool _dead;
    private volatile bool _stalls;

    /// <summary>Completes when the process stopped.</summary>
    public Task Stalled => _stalled.Task;

    /// <summary>The fault happened.</summary>
    public bool WasHit { get; private set; }

    public void Plan(NetworkFault fault, int atRequest)
    {
        lock (_lock)
            (_fault, _left, _outage, WasHit) = (fault, fault == NetworkFault.None ? int.MaxValue : atRequest, 0, false);
    }

    /// <summary>The first request that matches has the fault.</summary>
    public void Plan(NetworkFault fault, Predicate<HttpRequestMessage> at)
    {
        lock (_lock)
            (_fault, _at, WasHit) = (fault, at, false);
    }

    public void Wake() => _awake.TrySetResult();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string name = $"{request.Method} {request.RequestUri!.AbsolutePath}";
        NetworkFault fault = Next(request);
        if (fault == NetworkFault.Stall)
        {
            _stalls = true;
            _stalled.TrySetResult();
        }

        if (_stalls)
            await _awake.Task;
        effects?.Hit($"before {name}");
        switch (fault)
        {
            case NetworkFault.KillBefore:
                throw Kill();
            case NetworkFault.Timeout:
                throw new TaskCanceledException($"no answer to {name}");
            case NetworkFault.Reset or NetworkFault.Outage:
                throw new HttpRequestException($"connection reset at {name}");
            case NetworkFault.Late:
                await late.AddAsync(request, cancellationToken);
                throw new HttpRequestException($"no answer to {name}, which travels on");
            case NetworkFault.Busy:
                return Answer(HttpStatusCode.ServiceUnavailable, "ServerBusy");
        }

        HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
        effects?.Hit($"after {name}");
        return fault switch
        {
            NetworkFault.KillAfter => throw Kill(),
            NetworkFault.LostAnswer => throw new HttpRequestException($"the answer to {name} is lost"),
            NetworkFault.FailedAfterEffect => Answer(HttpStatusCode.InternalServerError, "InternalError"),
            NetworkFault.Truncated => await TruncateAsync(answer, cancellationToken),
            _ => answer,
        };
    }

    private NetworkFault Next(HttpRequestMessage request)
    {
        lock (_lock)
        {
            if (_dead)
                throw new KilledException();
            if (_outage > 0 && --_outage > 0)
                return NetworkFault.Outage;
            if (_at?.Invoke(request) == true)
                (_left, _at) = (1, null);
            if (_left == int.MaxValue || --_left > 0)
                return NetworkFault.None;
            _left = int.MaxValue;
            _outage = _fault == NetworkFault.Outage ? OutageRequests : 0;
            WasHit = true;
            return _fault;
        }
    }

    private KilledException Kill()
    {
        lock (_lock)
            _dead = true;
        return new KilledException();
    }

    private static HttpResponseMessage Answer(HttpStatusCode status, string code)
    {
        HttpResponseMessage answer = new(status) { Content = new ByteArrayContent([]) };
        answer.Headers.Add("x-ms-error-code", code);
        return answer;
    }

    private static async Task<HttpResponseMessage> TruncateAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        byte[] body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        if (body.Length == 0)
            return answer;
        StreamContent half = new(new BrokenStream(body.AsMemory(0, body.Length / 2)));
        foreach ((string name, IEnumerable<string> values) in answer.Content.Headers)
            half.Headers.TryAddWithoutValidation(name, values);
        answer.Content = half;
        return answer;
    }
}

/// <summary>The process is dead.</summary>
internal sealed class KilledException() : Exception("The process was killed here.");

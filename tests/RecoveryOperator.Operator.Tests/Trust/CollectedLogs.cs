using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Operator.Tests.Trust;

/// <summary>Keeps every line with its exception, of all levels.</summary>
internal sealed class CollectedLogs(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

    public void Dispose()
    {
        // Nothing is held open.
    }
}

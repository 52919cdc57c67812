using System.Text;
using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Agent.Tests.Encryption;

/// <summary>Keeps all that is logged, at every level, with exceptions.</summary>
internal sealed class CollectingLoggers : ILoggerProvider, ILogger
{
    private readonly StringBuilder _text = new();
    private readonly Lock _lock = new();

    public string Text
    {
        get
        {
            lock (_lock)
                return _text.ToString();
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lock)
            _text.AppendLine(formatter(state, exception)).AppendLine(exception?.ToString());
    }

    public void Dispose()
    {
        // It holds nothing.
    }
}

using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RecoveryOperator.Operator.Hosting;

/// <summary>The answer of a health endpoint in plain text: the state, and what each check says of itself.</summary>
internal static class HealthText
{
    public static Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "text/plain";
        var lines = report.Entries.Where(e => e.Value.Description is not null).Select(e => $"{e.Key}: {e.Value.Description}");
        return context.Response.WriteAsync(string.Join('\n', lines.Prepend(report.Status.ToString())) + "\n", context.RequestAborted);
    }
}

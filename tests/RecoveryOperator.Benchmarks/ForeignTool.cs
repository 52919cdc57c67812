using System.Diagnostics;

namespace RecoveryOperator.Benchmarks;

/// <summary>Runs a tool that is compared with.</summary>
internal static class ForeignTool
{
    /// <summary>Runs it to its end. A machine without the tool gets a note instead of a figure.</summary>
    public static async Task<string> RunAsync(string tool, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardError = true })!;
            string errors = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            return process.ExitCode == 0 ? "" : $"failed: {errors.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            return $"not measured, {tool} cannot be started: {fault.Message}";
        }
    }
}

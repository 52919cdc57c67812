using System.Diagnostics;
using System.Globalization;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>Makes disk images with QEMU's own tool.</summary>
internal static class QemuImage
{
    /// <summary>Makes an empty qcow2 image, over one that a failed attempt left.</summary>
    /// <exception cref="HypervisorException">qemu-img is absent or refused.</exception>
    public static async Task CreateAsync(string path, long sizeBytes, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("qemu-img") { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in new[] { "create", "-q", "-f", "qcow2", "-o", "compat=1.1", path, sizeBytes.ToString(CultureInfo.InvariantCulture) })
            start.ArgumentList.Add(argument);
        using var process = Start(start);
        var errors = await process.StandardError.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        if (process.ExitCode == 0) return;
        var fault = errors.Contains("No space left", StringComparison.Ordinal) ? HypervisorFault.NoSpace : HypervisorFault.Transient;
        throw new HypervisorException(fault, $"image {path} of {sizeBytes} bytes cannot be made: {errors.Trim()}", "check the storage folder and its free space");
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new HypervisorException(HypervisorFault.Unsupported, "qemu-img cannot be run on this host", "install the package qemu-utils", error);
        }
    }
}

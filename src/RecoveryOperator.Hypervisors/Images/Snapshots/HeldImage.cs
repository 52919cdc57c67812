using Microsoft.Win32.SafeHandles;
using RecoveryOperator.Hypervisors.Native;

namespace RecoveryOperator.Hypervisors.Images.Snapshots;

/// <summary>One image as it is at the instant, open for reading.</summary>
/// <param name="Index">Index of the disk.</param>
/// <param name="Target">Name of the disk within the guest.</param>
/// <param name="Path">File that is read: the image itself or its clone.</param>
/// <param name="Handle">That file, open.</param>
/// <param name="Original">Identity of the image at the instant.</param>
/// <param name="Expected">Identity that the file at <paramref name="Path"/> must keep for as long as the snapshot lives.</param>
internal sealed record HeldImage(
    int Index, string Target, string Path, SafeFileHandle Handle, ImageIdentity Original, ImageIdentity Expected);

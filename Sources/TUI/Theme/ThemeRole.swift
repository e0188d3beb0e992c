/// What a piece of the screen means; the theme decides how it looks.
enum ThemeRole: String, Sendable, CaseIterable {
    case text, muted, title, titleFocused = "title-focused"
    case border, borderFocused = "border-focused"
    case selection, selectionUnfocused = "selection-unfocused"
    case key, label, value, valueChanged = "value-changed"
    case ok, warning, error, info
    case input, inputCursor = "input-cursor"
    case status, statusRunning = "status-running", statusPaused = "status-paused", statusFailed = "status-failed"
    case footer, overlay, overlayTitle = "overlay-title"
    case progress, progressDone = "progress-done", progressMark = "progress-mark"
    case lossTotal = "loss-total", loss1 = "loss-1", loss2 = "loss-2", loss3 = "loss-3", loss4 = "loss-4"
    case axis, pictureBackground = "picture-background"
}
